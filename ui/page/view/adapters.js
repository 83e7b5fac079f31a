/* The LoRA adapter of the language model: a list, where the server has some. */

import { inLanguage, strings } from "../strings/language.js";

export class Adapters {
  #names = [];
  #name = ""; // of the one in use; "" for none

  /**
   * @param {{box: HTMLElement, select: HTMLSelectElement}} nodes
   * @param {(message: object) => void} send
   */
  constructor(nodes, send) {
    this.nodes = nodes;
    nodes.select.addEventListener("change", () => send({ type: "adapter", name: nodes.select.value }));
    inLanguage(() => this.#draw());
  }

  /** Takes the server's `adapter` message; without names the list is hidden. */
  show({ names = [], name = "" }) {
    this.#names = names;
    this.#name = name;
    this.#draw();
  }

  #draw() {
    const { box, select } = this.nodes;
    box.hidden = this.#names.length === 0;
    select.replaceChildren(new Option(strings.noAdapter, ""), ...this.#names.map((name) => new Option(name, name)));
    select.value = this.#name;
  }
}
