/* The sound of a call over a WebSocket: the microphone as PCM, the voice as a MediaStream. */

import { soundContext } from "../devices/levels.js";

const WORKLET = new URL("sound_worklet.js", import.meta.url);
let loaded = null; // resolves once the worklet is there

export class SocketSound {
  stream; // of the voice
  report = { played: 0, delay: 0 };
  #context = soundContext();
  #tap = null;
  #player = null;
  #source = null;
  #track = null;

  /** Loads the audio thread's part. `heard` is called with an Int16Array of the microphone, 20 ms at 16 kHz. */
  async open(heard) {
    const context = this.#context;
    await (loaded ??= context.audioWorklet.addModule(WORKLET));
    this.#tap = new AudioWorkletNode(context, "microphone-tap");
    this.#tap.port.onmessage = ({ data }) => heard(data);
    this.#tap.connect(context.destination); // silent, but a node without a way to it may stand still
    this.#player = new AudioWorkletNode(context, "voice-player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#player.port.onmessage = ({ data }) => (this.report = data);
    const out = context.createMediaStreamDestination();
    this.#player.connect(out);
    this.stream = out.stream;
    this.follow(this.#track);
  }

  /** Takes the sound of another microphone, or of none. @param {MediaStreamTrack | null} track */
  follow(track) {
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    if (!track || !this.#tap) return;
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#tap);
  }

  /** @param {Int16Array} samples 24 kHz */
  play(samples) {
    this.#player?.port.postMessage(samples);
  }

  close() {
    this.follow(null);
    this.#tap?.disconnect();
    this.#player?.disconnect();
    this.#tap = this.#player = null;
  }
}
