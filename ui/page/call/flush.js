/* Flushes a reply that was cut: what waits in the browser's jitter buffer is not heard. */

export class Flush {
  #state = "";
  #timer = 0;
  #playout = 100; // ms that sound waits in the jitter buffer, until it is measured

  /** @param {HTMLMediaElement} voice plays the assistant's voice */
  constructor(voice) {
    this.voice = voice;
  }

  measured({ playout }) {
    this.#playout = playout ?? this.#playout;
  }

  /** Takes the states of the call: after "speaking", what is left of the reply is silenced. */
  follow(state) {
    if (state === this.#state) return;
    if (state === "speaking") this.#open();
    else if (this.#state === "speaking") this.#cut();
    this.#state = state;
  }

  #cut() {
    clearTimeout(this.#timer);
    this.voice.muted = true;
    this.#timer = setTimeout(() => this.#open(), this.#playout);
  }

  #open() {
    clearTimeout(this.#timer);
    this.voice.muted = false;
  }
}
