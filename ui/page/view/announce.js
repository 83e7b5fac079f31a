/* Announces final captions and changes of state to screen readers. */

const STAYS_MS = 10000;

/** @param {HTMLElement} region the polite live region */
export function announcer(region) {
  return (text) => {
    if (!text) return;
    const line = document.createElement("p");
    line.textContent = text;
    region.append(line);
    setTimeout(() => line.remove(), STAYS_MS);
  };
}
