/* The server's end of a call, played inside the page: stands where the browser's RTCPeerConnection is, so that a test
   can say what the server says and read what the page sends. Only for tests of the page alone. */
(() => {
  const far = (window.farEnd = {
    sent: [], // every message of the page, in all calls
    peers: [], // every connection the page made
    pings: 0,
    quiet: false, // whether the server's sound has stopped
    say: (message) => far.now.channel.onmessage({ data: JSON.stringify(message) }),
    become: (state) => far.now.become(state),
    get now() {
      return far.peers.at(-1);
    },
  });

  class Channel extends EventTarget {
    readyState = "connecting";
    send(data) {
      const message = JSON.parse(data);
      if (message.type === "ping") {
        far.pings += 1;
        queueMicrotask(() => this.onmessage({ data: JSON.stringify({ type: "pong", t: message.t }) }));
      } else {
        far.sent.push(message);
      }
    }
  }

  window.RTCPeerConnection = class extends EventTarget {
    connectionState = "new";
    iceGatheringState = "complete";
    transceivers = [];
    closed = false;

    constructor(configuration) {
      super();
      this.configuration = configuration;
      far.peers.push(this);
    }

    addTransceiver(trackOrKind, { direction, sendEncodings }) {
      const track = typeof trackOrKind === "string" ? null : trackOrKind;
      const sender = { track, replaceTrack: async (next) => void (sender.track = next) };
      this.transceivers.push({ kind: track?.kind ?? trackOrKind, direction, sendEncodings, sender });
      return this.transceivers.at(-1);
    }

    createDataChannel(label) {
      this.channel = new Channel();
      this.channel.label = label;
      return this.channel;
    }

    async createOffer() {
      return { type: "offer", sdp: "v=0" };
    }

    async setLocalDescription(description) {
      this.localDescription = description;
    }

    async setRemoteDescription() {
      this.receiver = { jitterBufferTarget: null };
      const { stream } = new AudioContext().createMediaStreamDestination();
      this.ontrack({ track: stream.getAudioTracks()[0], receiver: this.receiver, streams: [stream] });
      this.become("connected");
      this.channel.readyState = "open";
      this.channel.dispatchEvent(new Event("open"));
      const budget = { transcript: 450, first_sound_heard: 900 };
      setTimeout(() => far.say({ type: "hello", session: "s1", setup: "laptop", version: "0.1.0", budget }));
    }

    async getStats() {
      this.looks = (this.looks ?? 0) + 1; // 40 ms of waiting for each sample, more samples at each look
      if (!far.quiet) this.packets = (this.packets ?? 0) + 10;
      const inbound = { type: "inbound-rtp", kind: "audio", jitter: 0.002, packetsLost: 3 };
      inbound.packetsReceived = this.packets;
      Object.assign(inbound, { jitterBufferDelay: this.looks * 40, jitterBufferEmittedCount: this.looks * 1000 });
      return new Map([["sound", inbound]]);
    }

    become(state) {
      this.connectionState = state;
      this.onconnectionstatechange?.();
    }

    close() {
      this.closed = true;
      this.channel.readyState = "closed";
    }
  };
})();
