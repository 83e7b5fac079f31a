/* Shows notices to the user. Errors and warnings stay until they are dismissed; hints disappear after a while. */

import { strings } from "../strings/language.js";

const HINT_MS = 7000;
const AT_MOST = 3;

export class Notices {
  #shown = new Map(); // code -> node

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /**
   * A code is shown once, with its newest text.
   * @param {{level: string, code: string, text: string, actions?: {label: string, run: () => void}[]}} notice
   */
  show({ level, code, text, actions = [] }) {
    this.clear(code);
    const node = document.createElement("div");
    node.className = "notice";
    Object.assign(node.dataset, { level, code });
    node.setAttribute("role", level === "error" ? "alert" : "status");
    const words = document.createElement("p");
    words.textContent = text;
    node.append(words, ...actions.map((action) => this.#button(code, action)), this.#dismiss(code));
    this.#shown.set(code, node);
    this.place.append(node);
    if (this.#shown.size > AT_MOST) this.clear(this.#shown.keys().next().value);
    if (level === "info") setTimeout(() => this.#shown.get(code) === node && this.clear(code), HINT_MS);
  }

  clear(...codes) {
    for (const code of codes) {
      this.#shown.get(code)?.remove();
      this.#shown.delete(code);
    }
  }

  /** Clears every notice whose code begins with `prefix`. */
  clearFrom(prefix) {
    this.clear(...[...this.#shown.keys()].filter((code) => code.startsWith(prefix)));
  }

  #button(code, { label, run }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "action";
    button.textContent = label;
    button.addEventListener("click", () => {
      this.clear(code);
      run();
    });
    return button;
  }

  #dismiss(code) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dismiss";
    button.textContent = "×";
    button.setAttribute("aria-label", strings.page.dismiss);
    button.addEventListener("click", () => this.clear(code));
    return button;
  }
}
