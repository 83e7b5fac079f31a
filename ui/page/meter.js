/* How full the assistant's memory of this call is: block by block, by kind, against the limit, and what was let go. */

const NAMES = {
  system: "Instructions",
  recap: "Recap",
  text: "Your words",
  partial: "Words so far",
  sound: "Sound",
  picture: "Pictures",
  scene: "What it sees",
  reply: "Its answers",
  unit: "Seconds of the call",
};
const HUES = 7; // the stylesheet has so many colours for kinds

export class Meter {
  #hueOf = new Map();

  constructor({ bar, legend, summary }) {
    Object.assign(this, { bar, legend, summary });
  }

  /** `blocks` [[kind, tokens]] stand in their order; without them the bar shows the sums. `left` {kind: blocks}. */
  show({ tokens, limit, dropped = 0, blocks = [], left = {} }) {
    const kinds = Object.entries(tokens).filter(([, count]) => count > 0);
    const used = kinds.reduce((sum, [, count]) => sum + count, 0);
    const letGo = dropped ? `, ${number(dropped)} older ${dropped === 1 ? "block" : "blocks"} let go` : "";
    this.summary.textContent = `${number(used)} of ${number(limit)} tokens${letGo}`;
    this.bar.setAttribute("aria-valuemax", limit);
    this.bar.setAttribute("aria-valuenow", used);
    this.bar.setAttribute("aria-valuetext", this.summary.textContent);
    this.bar.replaceChildren(...(blocks.length ? blocks : kinds).map(([kind, count]) => this.#part(kind, count, limit)));
    const gone = Object.keys(left).filter((kind) => !(tokens[kind] > 0));
    const entries = [...kinds, ...gone.map((kind) => [kind, 0])];
    const held = (kind) => blocks.filter((block) => block[0] === kind).length;
    this.legend.replaceChildren(...entries.map(([kind, count]) => this.#entry(kind, count, held(kind), left[kind] ?? 0)));
  }

  #part(kind, count, limit) {
    const part = document.createElement("span");
    part.dataset.hue = this.#hue(kind);
    part.style.width = `${(100 * count) / Math.max(1, limit)}%`;
    part.title = `${nameOf(kind)}: ${number(count)} tokens`;
    return part;
  }

  #entry(kind, count, held, left) {
    const entry = document.createElement("li");
    const dot = document.createElement("i");
    dot.dataset.hue = this.#hue(kind);
    const figure = document.createElement("b");
    figure.textContent = number(count);
    const detail = document.createElement("small");
    const blocks = held > 1 ? `${number(held)} blocks` : "";
    detail.textContent = [blocks, left ? `${number(left)} let go` : ""].filter(Boolean).join(", ");
    entry.append(dot, nameOf(kind), ...(detail.textContent ? [" ", detail] : []), " ", figure);
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
