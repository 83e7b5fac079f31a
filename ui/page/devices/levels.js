/* Measures the level of a stream with WebAudio. Draws nothing. */

const WINDOW = 1024; // samples: 21 ms at 48 kHz, short enough to follow syllables
const QUIET_DB = -55;
const LOUD_DB = -9;

let context = null;

function decibelsOf(samples) {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / samples.length + 1e-12);
}

/** The level of `samples` (floats, full scale 1): 0 at QUIET_DB and below, 1 at LOUD_DB and above, linear in dB. */
export function levelOf(samples) {
  return Math.min(1, Math.max(0, (decibelsOf(samples) - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

/** The level to show after `shown`: rises at once, falls slowly. */
export const smoothed = (shown, now) => (now > shown ? now : shown * 0.82 + now * 0.18);

/** To be called from a click: browsers start no audio context before one. */
export function wakeLevels() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (!Context) return;
  context ??= new Context({ latencyHint: "interactive" });
  context.resume().catch(() => {}); // without a running context only the orb stays still
}

/** The audio context, which `wakeLevels` has started. @returns {AudioContext} */
export function soundContext() {
  if (!context) wakeLevels();
  return context;
}

/** Follows one stream at a time; `level()` is 0 (silence) to 1 (loud), quick to rise and slow to fall. */
export class Level {
  #source = null;
  #analyser = null;
  #samples = new Float32Array(WINDOW);
  #shown = 0;

  follow(stream) {
    this.#source?.disconnect();
    this.#source = null;
    if (!stream || !context) return;
    this.#analyser ??= new AnalyserNode(context, { fftSize: WINDOW });
    this.#source = context.createMediaStreamSource(stream);
    this.#source.connect(this.#analyser);
  }

  level() {
    this.#shown = smoothed(this.#shown, this.#source ? levelOf(this.#latest()) : 0);
    return this.#shown;
  }

  /** The level of the last 21 ms in dB of full scale; -Infinity where nothing is followed. */
  decibels() {
    return this.#source ? decibelsOf(this.#latest()) : -Infinity;
  }

  #latest() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return this.#samples;
  }
}
