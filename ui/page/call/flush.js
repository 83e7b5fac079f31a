/* Silences a reply that was cut, and turns down one that somebody speaks over, before the sound that the server sends then
   has passed the browser's jitter buffer. */

const DUCKED = 0.25; // 12 dB, as the server

export class Flush {
  #state = "";
  #timer = 0;
  #duckTimer = 0;
  #silent = false;
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

  /** What waits in the jitter buffer is played quietly, or dropped where it is to be `silent`, since it will be sent
   *  again; what comes after it is sent so. */
  duck({ on, silent = false }) {
    if (!on && this.#silent) return; // until what is to be dropped has passed
    this.#turnDown(on ? (silent ? 0 : DUCKED) : 1, this.#playout);
    this.#silent = silent;
  }

  /** Turns the voice down for a moment: the page hears somebody speak before the server does. */
  expectDuck(ms) {
    if (!this.#silent) this.#turnDown(DUCKED, ms);
  }

  #turnDown(volume, ms) {
    clearTimeout(this.#duckTimer);
    this.voice.volume = volume;
    if (volume < 1) this.#duckTimer = setTimeout(() => this.#turnUp(), ms);
  }

  #turnUp() {
    this.#silent = false;
    this.voice.volume = 1;
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
