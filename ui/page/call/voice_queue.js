/* A small jitter buffer for sound that arrives over TCP: late, in bursts, but never lost. Draws nothing, reads no clock. */

const SILENT = 0.002; // a chunk whose samples are all below is dropped where the buffer is too long
const FIRST_TARGET_S = 0.06;
const LAST_TARGET_S = 0.25;
const SLACK_S = 0.04;

/** Takes chunks of floats and gives samples out; holds a little sound back, more after each gap. */
export class VoiceQueue {
  #chunks = [];
  #offset = 0; // in the first chunk
  #waiting = true; // until as much as the target has arrived
  #targetS = FIRST_TARGET_S;
  samples = 0; // in the queue
  played = 0; // samples
  delay = 0; // seconds of waiting, summed over the played samples

  constructor(rate) {
    this.rate = rate;
  }

  /** @param {Float32Array} chunk */
  add(chunk) {
    this.#chunks.push(chunk);
    this.samples += chunk.length;
    if (this.samples >= this.#targetS * this.rate) this.#waiting = false;
  }

  /** Fills `out` with the next samples, or with silence. @param {Float32Array} out */
  take(out) {
    out.fill(0);
    if (this.#waiting) return;
    this.#shorten();
    let filled = 0;
    while (filled < out.length && this.#chunks.length) {
      const part = this.#chunks[0].subarray(this.#offset, this.#offset + out.length - filled);
      out.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset === this.#chunks[0].length) this.#next();
    }
    this.delay += (filled * this.samples) / this.rate;
    this.samples -= filled;
    this.played += filled;
    if (filled < out.length) {
      this.#waiting = true;
      this.#targetS = Math.min(LAST_TARGET_S, this.#targetS * 1.5);
    }
  }

  /** After a stall the queue is long: drops silence until it is short again, so that no word is lost. */
  #shorten() {
    while (this.#offset === 0 && this.#chunks.length > 1 && this.samples > (this.#targetS + SLACK_S) * this.rate) {
      if (this.#chunks[0].some((sample) => Math.abs(sample) > SILENT)) return;
      this.samples -= this.#chunks[0].length;
      this.#next();
    }
  }

  #next() {
    this.#chunks.shift();
    this.#offset = 0;
  }
}
