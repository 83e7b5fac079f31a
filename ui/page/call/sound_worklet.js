/* The audio thread's part of a call over a WebSocket: takes the microphone's sound, and plays the voice. */

import { Resampler } from "./resampler.js";
import { VoiceQueue } from "./voice_queue.js";

const MICROPHONE_HZ = 16000;
const VOICE_HZ = 24000;
const FRAME = 320; // samples of the microphone in one message
const REPORT_EVERY_S = 0.2;

/** Posts Int16Arrays of FRAME samples at MICROPHONE_HZ. */
class MicrophoneTap extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, MICROPHONE_HZ);
  #frame = new Int16Array(FRAME);
  #filled = 0;

  process([channels]) {
    if (!channels?.length) return true;
    for (const sample of this.#resampler.push(mixed(channels))) {
      this.#frame[this.#filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
      if (this.#filled < FRAME) continue;
      this.port.postMessage(this.#frame, [this.#frame.buffer]);
      this.#frame = new Int16Array(FRAME);
      this.#filled = 0;
    }
    return true;
  }
}

function mixed(channels) {
  return channels.length === 1
    ? channels[0]
    : channels[0].map((_, at) => channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length);
}

/** Plays Int16Arrays at VOICE_HZ that are posted to it; posts {played, delay} now and then. */
class VoicePlayer extends AudioWorkletProcessor {
  #resampler = new Resampler(VOICE_HZ, sampleRate);
  #queue = new VoiceQueue(sampleRate);
  #reportedAt = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      const samples = Float32Array.from(data, (sample) => sample / 32768);
      this.#queue.add(this.#resampler.push(samples));
    };
  }

  process(_, [[out]]) {
    this.#queue.take(out);
    if (currentTime - this.#reportedAt > REPORT_EVERY_S) {
      this.#reportedAt = currentTime;
      this.port.postMessage({ played: this.#queue.played, delay: this.#queue.delay });
    }
    return true;
  }
}

registerProcessor("microphone-tap", MicrophoneTap);
registerProcessor("voice-player", VoicePlayer);
