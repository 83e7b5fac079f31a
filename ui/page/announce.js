/* What is read out to screen readers: what is final, and what changes what the person can do. */

const STAYS_MS = 10000;

/** @param region the polite live region */
export function announcer(region) {
  return (text) => {
    if (!text) return;
    const line = document.createElement("p");
    line.textContent = text;
    region.append(line);
    setTimeout(() => line.remove(), STAYS_MS);
  };
}
