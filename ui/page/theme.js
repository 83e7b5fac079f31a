/* Sets light or dark colours: the system's choice until the user makes one. A classic script, run before the first
   paint, so that the page never flashes in the wrong colours. */
(() => {
  const KEY = "omnilive.theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // Storage is disabled: the choice lasts until the page is closed.
  }

  const shown = () => chosen ?? (dark.matches ? "dark" : "light");

  function apply() {
    const theme = shown();
    document.documentElement.dataset.theme = theme;
    document.querySelector("meta[name=theme-color]").setAttribute("content", theme === "dark" ? "#0e1413" : "#f5f2eb");
    document.querySelector("#theme")?.setAttribute("aria-pressed", String(theme === "dark"));
  }

  function toggle() {
    const next = shown() === "dark" ? "light" : "dark";
    // A choice equal to the system's is not stored, so that the page follows the system again.
    chosen = next === (dark.matches ? "dark" : "light") ? null : next;
    try {
      if (chosen) localStorage.setItem(KEY, chosen);
      else localStorage.removeItem(KEY);
    } catch {
      // As above.
    }
    apply();
  }

  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.querySelector("#theme").addEventListener("click", toggle);
  });
})();
