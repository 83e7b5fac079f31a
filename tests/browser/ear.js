/* Records what a call plays, as a person in front of the loudspeaker would hear it. Goes in before the page does. */

(() => {
  const RATE = 48000;
  const pieces = [];
  const Native = window.RTCPeerConnection;

  class Overheard extends Native {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && listen(track));
    }
  }
  window.RTCPeerConnection = Overheard;

  function listen(track) {
    const context = new AudioContext({ sampleRate: RATE });
    const tap = context.createScriptProcessor(4096, 1, 1); // needs no file of its own, which the page's policy forbids
    tap.onaudioprocess = ({ inputBuffer }) => {
      const samples = inputBuffer.getChannelData(0);
      pieces.push(Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32767));
      window.ear.loudest = samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), window.ear.loudest);
    };
    context.createMediaStreamSource(new MediaStream([track])).connect(tap).connect(context.destination);
  }

  window.ear = {
    loudest: 0,
    /** All that was heard, as base64 of 16-bit samples. */
    heard() {
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
    /** Loudness of the last so many seconds, 0..1. */
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
