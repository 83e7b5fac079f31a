/* How full the assistant's memory of this call is: tokens by kind against the limit, and what it had to let go. */

const NAMES = {
  system: "Instructions",
  text: "Your words",
  partial: "Words so far",
  sound: "Sound",
  picture: "Pictures",
  scene: "What it sees",
  reply: "Its answers",
  recap: "Recap",
};
const HUES = 7; // the stylesheet has so many colours for kinds

export class Meter {
  #hueOf = new Map();

  constructor({ bar, legend, summary }) {
    Object.assign(this, { bar, legend, summary });
  }

  show({ tokens, limit, dropped = 0 }) {
    const kinds = Object.entries(tokens).filter(([, count]) => count > 0);
    const used = kinds.reduce((sum, [, count]) => sum + count, 0);
    const letGo = dropped ? `, ${number(dropped)} older ${dropped === 1 ? "block" : "blocks"} let go` : "";
    this.summary.textContent = `${number(used)} of ${number(limit)} tokens${letGo}`;
    this.bar.setAttribute("aria-valuemax", limit);
    this.bar.setAttribute("aria-valuenow", used);
    this.bar.setAttribute("aria-valuetext", this.summary.textContent);
    this.bar.replaceChildren(...kinds.map(([kind, count]) => this.#part(kind, count, limit)));
    this.legend.replaceChildren(...kinds.map(([kind, count]) => this.#entry(kind, count)));
  }

  #part(kind, count, limit) {
    const part = document.createElement("span");
    part.dataset.hue = this.#hue(kind);
    part.style.width = `${(100 * count) / Math.max(1, limit)}%`;
    return part;
  }

  #entry(kind, count) {
    const entry = document.createElement("li");
    const dot = document.createElement("i");
    dot.dataset.hue = this.#hue(kind);
    const figure = document.createElement("b");
    figure.textContent = number(count);
    entry.append(dot, nameOf(kind), figure);
    return entry;
  }

  /** Kinds keep the colour they came with: engines name kinds this page has never heard of. */
  #hue(kind) {
    if (!this.#hueOf.has(kind)) this.#hueOf.set(kind, this.#hueOf.size % HUES);
    return this.#hueOf.get(kind);
  }
}

const nameOf = (kind) => NAMES[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll("_", " ");
const number = (value) => value.toLocaleString("en");
