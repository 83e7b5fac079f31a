/* Silences a reply that was cut, and turns down one that somebody speaks over, before the sound that the server sends then
   has passed the browser's jitter buffer. */

const DUCKED = 0.25; // 12 dB, as the server

export class Flush {
  #state = "";
  #timer = 0;
  #duckTimer = 0;
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

  /** What waits in the jitter buffer is played quietly; what comes after it is sent so. */
  duck(on) {
    clearTimeout(this.#duckTimer);
    this.voice.volume = on ? DUCKED : 1;
    if (on) this.#duckTimer = setTimeout(() => this.duck(false), this.#playout);
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
