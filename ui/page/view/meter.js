/* Shows the use of the context window: blocks and kinds against the limit, and what was evicted. */

import { number, strings } from "../strings/language.js";

const HUES = 7; // colours for kinds in the stylesheet

/**
 * The figures of a `context` message: the tokens in use, a sentence, and for each kind {kind, tokens, blocks, evicted}
 * (blocks in the context, blocks evicted from it), kinds that were evicted altogether last.
 */
export function contextFigures({ tokens, limit, dropped = 0, blocks = [], left = {} }) {
  const present = Object.keys(tokens).filter((kind) => tokens[kind] > 0);
  const used = present.reduce((sum, kind) => sum + tokens[kind], 0);
  const words = strings.context;
  const evicted = dropped ? words.evictedBlocks(dropped, number(dropped)) : "";
  const absent = Object.keys(left).filter((kind) => !(tokens[kind] > 0));
  const kinds = [...present, ...absent].map((kind) => ({
    kind,
    tokens: tokens[kind] ?? 0,
    blocks: blocks.filter((block) => block[0] === kind).length,
    evicted: left[kind] ?? 0,
  }));
  return { used, summary: words.summary(number(used), number(limit)) + evicted, kinds };
}

export class Meter {
  #hueOf = new Map();

  /** @param {{bar: HTMLElement, legend: HTMLElement, summary: HTMLElement}} nodes */
  constructor({ bar, legend, summary }) {
    this.bar = bar;
    this.legend = legend;
    this.summary = summary;
  }

  /** Shows a `context` message: its blocks [[kind, tokens]] in order, or without them the sums of the kinds. */
  show(message) {
    const { limit, blocks = [] } = message;
    const { used, summary, kinds } = contextFigures(message);
    const parts = blocks.length ? blocks : kinds.filter(({ tokens }) => tokens > 0).map(({ kind, tokens }) => [kind, tokens]);
    this.summary.textContent = summary;
    this.bar.setAttribute("aria-valuemax", limit);
    this.bar.setAttribute("aria-valuenow", String(used));
    this.bar.setAttribute("aria-valuetext", summary);
    this.bar.replaceChildren(...parts.map(([kind, count]) => this.#part(kind, count, limit)));
    this.legend.replaceChildren(...kinds.map((figures) => this.#entry(figures)));
  }

  #part(kind, count, limit) {
    const part = document.createElement("span");
    part.dataset.hue = this.#hue(kind);
    part.style.width = `${(100 * count) / Math.max(1, limit)}%`;
    part.title = strings.context.tokens(nameOf(kind), number(count));
    return part;
  }

  #entry({ kind, tokens, blocks, evicted }) {
    const entry = document.createElement("li");
    const dot = document.createElement("i");
    dot.dataset.hue = this.#hue(kind);
    const figure = document.createElement("b");
    figure.textContent = number(tokens);
    const detail = document.createElement("small");
    const words = strings.context;
    const counts = [blocks > 1 ? words.blocks(number(blocks)) : "", evicted ? words.evicted(number(evicted)) : ""];
    detail.textContent = counts.filter(Boolean).join(words.between);
    entry.append(dot, nameOf(kind), ...(detail.textContent ? [" ", detail] : []), " ", figure);
    return entry;
  }

  /** A kind keeps its first colour; engines may name kinds that this page does not know. */
  #hue(kind) {
    if (!this.#hueOf.has(kind)) this.#hueOf.set(kind, this.#hueOf.size % HUES);
    return this.#hueOf.get(kind);
  }
}

const nameOf = (kind) =>
  strings.context.kinds[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll("_", " ");
