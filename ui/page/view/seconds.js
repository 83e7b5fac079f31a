/* Shows the decisions of a full-duplex engine for the last seconds: a mark for each second, listening or speaking. */

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
    this.summary.textContent = `Second ${newest.number + 1}: ${newest.decision}${evicted ? `; the first ${evicted} evicted` : ""}`;
    this.list.replaceChildren(...this.marks.map(mark));
  }
}

function mark({ number, decision, forced, left }) {
  const item = document.createElement("li");
  Object.assign(item.dataset, { number, decision, forced, left: left.length });
  item.title = `Second ${number + 1}: ${decision}${forced ? "; forced" : ""}`;
  return item;
}
