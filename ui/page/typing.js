/* The typed line: goes out at once, or once the call is there, and comes back into the box if the call is lost before
   the server has it. */

const LONGEST = 2000; // letters; the server takes no more

export class TypedLine {
  #form;
  #box;
  #onItsWay = ""; // of which the server has shown nothing yet

  /** @param send (text) => whether it went out; @param wait () => void, when it has to; @param refuse (longest) => void */
  constructor(form, box, { send, wait, refuse }) {
    this.#form = form;
    this.#box = box;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = box.value.trim();
      if (text.length > LONGEST) return refuse(LONGEST);
      if (text) this.#submit(text, { send, wait });
    });
  }

  #submit(text, { send, wait }) {
    this.forget();
    if (send(text)) {
      this.#onItsWay = text;
      this.#box.value = "";
    } else {
      this.#form.dataset.waiting = "true";
      wait();
    }
  }

  /** The call is there. */
  go() {
    if (this.#form.dataset.waiting) this.#form.requestSubmit();
  }

  /** The server said something: whether it has the line. */
  hear({ type, typed }) {
    if (type === "user_caption" && typed) this.#onItsWay = "";
  }

  /** Another connection is being made. What is being typed meanwhile stays, and is not sent unasked. */
  again() {
    if (!this.#onItsWay) return;
    if (!this.#box.value) this.#form.dataset.waiting = "true";
    this.#box.value = [this.#onItsWay, this.#box.value].filter(Boolean).join(" ");
    this.#onItsWay = "";
  }

  /** The call is over, or another line takes its place. */
  forget() {
    delete this.#form.dataset.waiting;
    this.#onItsWay = "";
  }
}
