/* What a full-duplex engine made of the last seconds: a mark for each, whether it listened or spoke. */

const SHOWN = 40;

export class Seconds {
  #marks = []; // also while nobody looks: a second that was not drawn is still there when the details are opened

  /** @param box what is hidden until there are seconds  @param list gets an item for each */
  constructor({ box, list, summary }) {
    Object.assign(this, { box, list, summary });
  }

  take(unit) {
    if (unit.number === 0) this.#marks = [];
    this.#marks = [...this.#marks, unit].slice(-SHOWN);
  }

  draw() {
    const newest = this.#marks.at(-1);
    this.box.hidden = !newest;
    if (!newest) return;
    const gone = Math.max(-1, ...this.#marks.flatMap(({ left }) => left)) + 1;
    this.summary.textContent = `Second ${newest.number + 1}: ${newest.decision}${gone ? `; the first ${gone} let go` : ""}`;
    this.list.replaceChildren(...this.#marks.map(mark));
  }
}

function mark({ number, decision, forced, left }) {
  const item = document.createElement("li");
  Object.assign(item.dataset, { number, decision, forced, left: left.length });
  item.title = `Second ${number + 1}: ${decision}${forced ? ", as it had to" : ""}`;
  return item;
}
