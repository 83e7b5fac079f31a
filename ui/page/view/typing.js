/* Sends typed messages: at once, or once the call is connected. A message returns to the box if the call is lost before
   the server has received it. */

const LONGEST = 2000; // characters of a message; a longer text is shown as a document

export class TypedLine {
  #form;
  #box;
  #unconfirmed = ""; // sent, but not confirmed by a caption

  /**
   * @param {any} form
   * @param {any} box
   * @param {{send: (text: string) => boolean, wait: () => void, keep: (text: string) => void}} actions `send` returns
   * whether the text was sent, `wait` is called when it has to wait for the call, `keep` gets a text that is too long
   * for a message, typed or pasted
   */
  constructor(form, box, { send, wait, keep }) {
    this.#form = form;
    this.#box = box;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = box.value.trim();
      if (text.length > LONGEST) {
        keep(text);
        box.value = "";
      } else if (text) this.#submit(text, { send, wait });
    });
    box.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text.length <= LONGEST) return;
      event.preventDefault();
      keep(text);
    });
  }

  #submit(text, { send, wait }) {
    this.forget();
    if (send(text)) {
      this.#unconfirmed = text;
      this.#box.value = "";
    } else {
      this.#form.dataset.waiting = "true";
      wait();
    }
  }

  /** The call is connected. */
  go() {
    if (this.#form.dataset.waiting) this.#form.requestSubmit();
  }

  /** Takes a message of the server: a typed caption confirms the text. */
  confirm({ type, typed }) {
    if (type === "user_caption" && typed) this.#unconfirmed = "";
  }

  /** A new connection is being made: an unconfirmed text returns to the box. New input stays and is not sent. */
  restore() {
    if (!this.#unconfirmed) return;
    if (!this.#box.value) this.#form.dataset.waiting = "true";
    this.#box.value = [this.#unconfirmed, this.#box.value].filter(Boolean).join(" ");
    this.#unconfirmed = "";
  }

  /** The call is over, or another message takes its place. */
  forget() {
    delete this.#form.dataset.waiting;
    this.#unconfirmed = "";
  }
}
