/* Light or dark: the system's choice until the person makes one. A classic script, run before the first paint, so
   that no page flashes in the wrong colours. Knows nothing of the call. */
(() => {
  const KEY = "omnilive.theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }

  const shown = () => chosen ?? (dark.matches ? "dark" : "light");

  function apply() {
    const theme = shown();
    document.documentElement.dataset.theme = theme;
    document.querySelector("meta[name=theme-color]").content = theme === "dark" ? "#0e1413" : "#f5f2eb";
    document.querySelector("#theme")?.setAttribute("aria-pressed", String(theme === "dark"));
  }

  function toggle() {
    const next = shown() === "dark" ? "light" : "dark";
    // Back at what the system says, the page follows the system again.
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
