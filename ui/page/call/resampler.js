/* Changes the sampling rate of running sound, with a windowed sinc. Draws nothing and reads no clock. */

const WINGS = 12; // zero crossings of the sinc on each side
const PHASES = 128;

/** Resamples one stream of floats. The result does not depend on the size of the pieces. */
export class Resampler {
  #step; // input samples for each output sample
  #kernels;
  #half; // input samples on each side of an output sample
  #kept; // input samples that are still needed
  #at; // position of the next output sample in #kept

  constructor(rateIn, rateOut) {
    this.#step = rateIn / rateOut;
    const cutoff = Math.min(1, rateOut / rateIn) * 0.95;
    this.#half = Math.ceil(WINGS / cutoff);
    this.#kernels = Array.from({ length: PHASES + 1 }, (_, phase) => kernel(phase / PHASES, cutoff, this.#half));
    this.#kept = new Float32Array(this.#half); // silence before the beginning
    this.#at = this.#half;
  }

  /** @param {Float32Array} samples @returns {Float32Array} what is ready at the new rate */
  push(samples) {
    const kept = new Float32Array(this.#kept.length + samples.length);
    kept.set(this.#kept);
    kept.set(samples, this.#kept.length);
    const count = Math.max(0, Math.ceil((kept.length - this.#half - this.#at) / this.#step));
    const out = new Float32Array(count);
    for (let number = 0; number < count; number++) out[number] = this.#sample(kept, this.#at + number * this.#step);
    this.#at += count * this.#step;
    const unneeded = Math.min(kept.length, Math.floor(this.#at) - this.#half);
    this.#kept = kept.slice(unneeded);
    this.#at -= unneeded;
    return out;
  }

  #sample(kept, position) {
    const whole = Math.floor(position);
    const weights = this.#kernels[Math.round((position - whole) * PHASES)];
    let sum = 0;
    for (let tap = 0, from = whole - this.#half + 1; tap < weights.length; tap++) sum += weights[tap] * kept[from + tap];
    return sum;
  }
}

/** The weights of 2 * half input samples for an output sample at `fraction` between the middle two; their sum is 1. */
function kernel(fraction, cutoff, half) {
  const weights = Float32Array.from({ length: 2 * half }, (_, tap) => {
    const distance = tap - half + 1 - fraction;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (half + 1));
    return sinc(cutoff * distance) * window;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
