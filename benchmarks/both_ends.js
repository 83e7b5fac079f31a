/* Records what the microphone takes and what the loudspeaker plays on one clock: two channels, microphone left. */

(() => {
  const RATE = 48000;
  const pieces = [];
  const context = new AudioContext({ sampleRate: RATE });
  const merger = context.createChannelMerger(2);
  const tap = context.createScriptProcessor(4096, 2, 1);
  tap.onaudioprocess = ({ inputBuffer }) => {
    const left = inputBuffer.getChannelData(0), right = inputBuffer.getChannelData(1);
    const both = new Int16Array(2 * left.length);
    const whole = (sample) => Math.max(-1, Math.min(1, sample)) * 32767;
    for (let at = 0; at < left.length; at++) [both[2 * at], both[2 * at + 1]] = [whole(left[at]), whole(right[at])];
    pieces.push(both);
  };
  merger.connect(tap).connect(context.destination);
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
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const stream = await getUserMedia(wishes);
    stream.getAudioTracks().forEach((track) => listen(track, 0));
    return stream;
  };

  /** Everything so far, as base64 of interleaved 16-bit samples. */
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
