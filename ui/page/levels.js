/* How loud a stream is right now, from the real sound by WebAudio. Draws nothing. */

const WINDOW = 1024; // samples: 21 ms at 48 kHz, short enough to follow syllables
const QUIET_DB = -55;
const LOUD_DB = -9;

let context = null;

/** To be called from a click: browsers start no sound before one. */
export function wakeLevels() {
  const Context = globalThis.AudioContext ?? globalThis.webkitAudioContext;
  if (!Context) return;
  context ??= new Context({ latencyHint: "interactive" });
  context.resume().catch(() => {}); // without it the orb is still, nothing else is lost
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
    let now = 0;
    if (this.#source) {
      this.#analyser.getFloatTimeDomainData(this.#samples);
      let power = 0;
      for (const sample of this.#samples) power += sample * sample;
      const db = 10 * Math.log10(power / WINDOW + 1e-12);
      now = Math.min(1, Math.max(0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
    }
    this.#shown = now > this.#shown ? now : this.#shown * 0.82 + now * 0.18;
    return this.#shown;
  }
}
