/* Switches live translation, shows between which languages it goes, and adds translations to the captions. */

import { inLanguage, strings } from "../strings/language.js";
import { scriptOf } from "../strings/scripts.js";

export class Translation {
  #now = { mode: "off", mine: "", theirs: "" };

  /**
   * @param {{select: HTMLSelectElement, status: HTMLElement, stop: HTMLElement}} nodes
   * @param {(message: object) => boolean} send
   * @param {(code: string) => string} nameOf a language
   */
  constructor({ select, status, stop }, send, nameOf) {
    this.select = select;
    this.status = status;
    this.nameOf = nameOf;
    const choose = (mode) => send({ type: "translate", mode, ...(mode === "captions" && { language: strings.locale.slice(0, 2) }) });
    select.addEventListener("change", () => choose(select.value) || this.#draw());
    stop.addEventListener("click", () => choose("off"));
    inLanguage(() => this.#draw());
  }

  /** Takes the server's `translation` message. */
  show(message = { mode: "off", mine: "", theirs: "" }) {
    this.#now = message;
    this.#draw();
  }

  #draw() {
    const { mode, mine, theirs } = this.#now;
    const { modes, between, waiting } = strings.languages;
    this.select.replaceChildren(...Object.entries(modes).map(([code, name]) => new Option(name, code)));
    this.select.value = mode;
    this.status.hidden = mode === "off";
    const words = theirs && mode === "table" ? between(this.nameOf(mine), this.nameOf(theirs)) : waiting(this.nameOf(mine));
    this.status.firstElementChild.textContent = words;
  }
}

/** Adds the translation of a sentence to the caption `item` of the user. */
export function addTranslation(item, { number, text }) {
  if (!item) return; // of a turn that has left the page
  let line = item.querySelector(`.translated[data-number="${number}"]`);
  if (!line) {
    line = document.createElement("span");
    line.className = "translated";
    line.dataset.number = number;
    item.append(line);
  }
  line.lang = scriptOf(text);
  line.textContent = text;
}
