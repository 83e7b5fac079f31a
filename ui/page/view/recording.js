/* Asks before a call whether it may be recorded, where the server records calls, and shows it while one is recorded. */

export class Recording {
  #offered = false;

  /** @param {{choice: HTMLElement, box: HTMLInputElement, shown: HTMLElement}} nodes */
  constructor({ choice, box, shown }) {
    this.choice = choice;
    this.box = box;
    this.shown = shown;
  }

  /** Whether the user agrees. Off until the box is checked, and again after each call. */
  get agreed() {
    return this.#offered && this.box.checked;
  }

  /** Takes the answer of /healthz. */
  offer(health) {
    this.#offered = health?.records === true;
    this.choice.hidden = !this.#offered;
  }

  /** Takes the server's hello. */
  began({ recorded = false }) {
    this.shown.hidden = !recorded;
  }

  /** Follows whether there is a call. */
  follow(calling) {
    this.choice.hidden = !this.#offered || calling;
    if (calling) return;
    this.shown.hidden = true;
    this.box.checked = false;
  }
}
