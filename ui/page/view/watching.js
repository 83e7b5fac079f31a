/* Shows what the assistant watches for, each rule with a button that deletes it, and whether it describes what it sees. */

import { strings } from "../strings/language.js";

export class Watching {
  narrating = false;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} toggle
   * @param {(message: object) => void} send
   */
  constructor(list, toggle, send) {
    this.list = list;
    this.toggle = toggle;
    this.send = send;
    toggle.addEventListener("click", () => send({ type: "narrate", on: !this.narrating }));
  }

  show({ rules = [], narrating = false }) {
    this.narrating = narrating;
    this.toggle.setAttribute("aria-pressed", String(narrating));
    this.list.hidden = rules.length === 0;
    this.list.replaceChildren(...rules.map((rule) => this.#item(rule)));
  }

  #item({ number, text }) {
    const item = document.createElement("li");
    item.dataset.rule = String(number);
    const words = document.createElement("span");
    words.textContent = text;
    const remove = document.createElement("button");
    Object.assign(remove, { type: "button", textContent: "×", title: strings.page.stopWatching });
    remove.setAttribute("aria-label", strings.unwatch(text));
    remove.addEventListener("click", () => this.send({ type: "unwatch", number }));
    item.append(words, remove);
    return item;
  }
}
