/* Records the sound that a call plays. Runs before the page's own scripts. */

(() => {
  const RATE = 48000;
  const pieces = [];
  const Native = window.RTCPeerConnection;

  class RecordedConnection extends Native {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && listen(track));
    }
  }
  window.RTCPeerConnection = RecordedConnection;

  let context = null; // of the newest track

  function listen(track) {
    context?.close();
    context = new AudioContext({ sampleRate: RATE });
    const tap = context.createScriptProcessor(4096, 1, 1); // needs no second file, which the page's content policy would refuse
    tap.onaudioprocess = ({ inputBuffer }) => {
      const samples = inputBuffer.getChannelData(0);
      pieces.push(Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32767));
      window.recorder.loudest = samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), window.recorder.loudest);
    };
    context.createMediaStreamSource(new MediaStream([track])).connect(tap).connect(context.destination);
  }

  window.recorder = {
    loudest: 0,
    listen,
    /** The recorded sound, as base64 of 16-bit samples. */
    sound() {
      const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
      let end = 0;
      for (const piece of pieces) {
        bytes.set(new Uint8Array(piece.buffer), end);
        end += piece.byteLength;
      }
      let text = "";
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return btoa(text);
    },
    /** The RMS level of the last `seconds` seconds, 0 to 1. */
    level(seconds) {
      let sum = 0, count = 0;
      for (let at = pieces.length - 1; at >= 0 && count < seconds * RATE; at--) {
        for (const sample of pieces[at]) sum += (sample / 32768) ** 2;
        count += pieces[at].length;
      }
      return count ? Math.sqrt(sum / count) : 0;
    },
  };
})();
