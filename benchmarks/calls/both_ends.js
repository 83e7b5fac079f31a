/* Records microphone and loudspeaker on one clock, in two channels: microphone left, loudspeaker right. The loudspeaker
   is recorded before the page's mute and volume, whose times are in bothEndsGains. */

(() => {
  const RATE = 48000;
  const pieces = [];
  let began = 0;
  const context = new AudioContext({ sampleRate: RATE });
  const merger = context.createChannelMerger(2);
  const source = `registerProcessor("tap", class extends AudioWorkletProcessor {
    block = new Int16Array(9600);
    at = 0;
    constructor() {
      super();
      this.port.postMessage(currentTime);
    }
    process([[left, right]]) {
      const whole = (sample) => Math.max(-1, Math.min(1, sample ?? 0)) * 32767;
      for (let n = 0; n < 128; n++) {
        [this.block[this.at], this.block[this.at + 1]] = [whole(left?.[n]), whole(right?.[n])];
        this.at += 2;
        if (this.at === this.block.length) {
          this.port.postMessage(this.block);
          this.at = 0;
        }
      }
      return true;
    }
  })`;
  // A worklet loses no samples when the page is busy; the page's CSP forbids it, so the benchmark bypasses the CSP.
  const ready = context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  ready.then(() => {
    const tap = new AudioWorkletNode(context, "tap", { channelCount: 2, channelCountMode: "explicit" });
    tap.port.onmessage = ({ data }) => (typeof data === "number" ? (began = data) : pieces.push(data));
    merger.connect(tap).connect(context.destination);
  });
  const listen = (track, channel) =>
    context.createMediaStreamSource(new MediaStream([track])).connect(merger, 0, channel);

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && listen(track, 1));
    }
  };
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    stream.getAudioTracks().forEach((track) => listen(track, 0));
    return stream;
  };

  /** The present, in seconds of the recording. */
  window.bothEndsNow = () => context.currentTime - began;

  /** [seconds of the recording, the gain of the voice from then on] */
  window.bothEndsGains = [];
  for (const name of ["muted", "volume"]) {
    const native = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, name);
    Object.defineProperty(HTMLMediaElement.prototype, name, {
      ...native,
      set(value) {
        native.set.call(this, value);
        if (this.id === "voice") window.bothEndsGains.push([context.currentTime - began, this.muted ? 0 : this.volume]);
      },
    });
  }

  /** The recording so far, as base64 of interleaved 16-bit samples. */
  window.bothEnds = () => {
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
    let end = 0;
    for (const piece of pieces) {
      bytes.set(new Uint8Array(piece.buffer), end);
      end += piece.byteLength;
    }
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
})();
