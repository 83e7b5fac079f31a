/* Shows the decisions of a full-duplex engine for the last seconds: a mark for each second, listening or speaking. */

import { number as figure, strings } from "../strings/language.js";

const SHOWN = 40;

export class Seconds {
  /** @type {any[]} */
  marks = []; // the newest SHOWN units; kept also while the panel is closed

  /** @param {{box: HTMLElement, list: HTMLElement, summary: HTMLElement}} nodes `box` is hidden until a second comes */
  constructor({ box, list, summary }) {
    this.box = box;
    this.list = list;
    this.summary = summary;
  }

  take(unit) {
    if (unit.number === 0) this.marks = [];
    this.marks = [...this.marks, unit].slice(-SHOWN);
  }

  draw() {
    const newest = this.marks.at(-1);
    this.box.hidden = !newest;
    if (!newest) return;
    const evicted = Math.max(-1, ...this.marks.flatMap(({ left }) => left)) + 1;
    this.summary.textContent = about(newest) + (evicted ? strings.seconds.evicted(figure(evicted)) : "");
    this.list.replaceChildren(...this.marks.map(mark));
  }
}

const about = ({ number, decision }) =>
  strings.seconds.second(figure(number + 1), strings.seconds.decisions[decision] ?? decision);

function mark({ number, decision, forced, left }) {
  const item = document.createElement("li");
  Object.assign(item.dataset, { number, decision, forced, left: left.length });
  item.title = about({ number, decision }) + (forced ? strings.seconds.forced : "");
  return item;
}
