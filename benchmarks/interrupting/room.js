/* After both_ends.js: lets the loudspeaker be heard by the microphone (roomEcho), and keeps the server's messages. */

(() => {
  const KEPT = new Set(["state", "user_caption", "reply_ended", "why"]);
  const context = new AudioContext({ sampleRate: 48000 });
  const echo = context.createGain();
  const delay = context.createDelay(1);
  delay.delayTime.value = 0.1;
  echo.connect(delay);

  /** [seconds of the recording, message] */
  window.roomMessages = [];
  const keep = ({ data }) => {
    const message = JSON.parse(data);
    if (KEPT.has(message.type)) window.roomMessages.push([window.bothEndsNow(), message]);
  };

  const Outer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Outer {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => {
        if (track.kind === "audio") context.createMediaStreamSource(new MediaStream([track])).connect(echo);
      });
    }
    createDataChannel(...options) {
      const channel = super.createDataChannel(...options);
      channel.addEventListener("message", keep);
      return channel;
    }
  };
  let microphone = null;
  const outer = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await outer(constraints);
    [microphone] = stream.getAudioTracks();
    return stream;
  };

  /** From now on the microphone hears the loudspeaker too, at this gain. */
  window.roomEcho = async (gain) => {
    const room = context.createMediaStreamDestination();
    context.createMediaStreamSource(new MediaStream([microphone])).connect(room);
    delay.connect(room);
    echo.gain.value = gain;
    const sender = window.omnilive.pc.getSenders().find(({ track }) => track?.kind === "audio");
    await sender.replaceTrack(room.stream.getAudioTracks()[0]);
  };
})();
