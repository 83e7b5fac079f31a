/* Hears in the page that somebody begins to speak over the assistant's voice. The server hears it a tenth of a second
   later, and hears better: it orders the voice down in its turn, or the page's own order ends soon.

   Where the microphone hears the loudspeaker (no echo cancellation), every word of the voice is such a beginning. So an
   order that the server does not confirm counts against the page, and after a few it only listens until one is. */

const EVERY_MS = 15;
const CONFIRMED_WITHIN_MS = 300;
const ABOVE_DB = 10; // over the background
const LEAST_DB = -52; // a weak consonant, as of "stop"
const LOUD_TWICE = 2; // looks in a row: a click is shorter
const MOST_WRONG = 3;
const FALLS = 0.2; // share of the way by which the background follows a quieter look, and a louder one
const RISES = 0.01;

export class EarlyDuck {
  #timer = 0;
  #background = 0;
  #loud = 0;
  #expectedUntil = 0;
  #wrong = 0;

  /** @param {() => number} level the microphone's level in dB of full scale; -Infinity where it is off
   *  @param {(ms: number) => void} duck turns the voice down for so long */
  constructor(level, duck) {
    this.level = level;
    this.duck = duck;
  }

  /** Takes the states of the call: only over our voice there is something to turn down. */
  follow(state) {
    clearInterval(this.#timer);
    if (state !== "speaking") return;
    this.#background = this.level();
    this.#loud = 0;
    this.#timer = setInterval(() => this.look(performance.now()), EVERY_MS);
  }

  /** The server has heard somebody. */
  confirm() {
    if (this.#expectedUntil) this.#wrong = 0;
    this.#expectedUntil = 0;
  }

  look(now) {
    const level = this.level();
    if (level === -Infinity) return;
    if (this.#expectedUntil && now > this.#expectedUntil) {
      this.#expectedUntil = 0;
      this.#wrong += 1;
    }
    const loud = level > LEAST_DB && level > this.#background + ABOVE_DB;
    this.#loud = loud ? this.#loud + 1 : 0;
    this.#background += (level < this.#background ? FALLS : RISES) * (level - this.#background);
    if (this.#loud !== LOUD_TWICE || this.#expectedUntil) return;
    this.#expectedUntil = now + CONFIRMED_WITHIN_MS;
    if (this.#wrong < MOST_WRONG) this.duck(CONFIRMED_WITHIN_MS);
  }
}
