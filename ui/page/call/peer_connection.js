/* Opens one peer connection to the server, with its data channel, and reports how it ends. call.js does the retries. */

import { Connection } from "./connection.js";
import { changePath } from "./request.js";

const TOGETHER_MS = 20; // candidates that are found within this time are sent together
const PATH_MS = 3500; // for the first connectivity check: the server waits 4 s
const OPENING_MS = 15000;
const HEALING_MS = 4000; // a path that is "disconnected" often recovers, or is replaced, within this time
const RESTART_EVERY_MS = 1500; // while no packet arrives

/** A call over WebRTC. */
export class PeerConnection extends Connection {
  #answered = false;
  #found = []; // candidates that are not sent yet
  #restarting = false;
  #restartedAt = -Infinity;

  constructor({ microphone, camera, canCapture }, iceServers = []) {
    super();
    const pc = (this.pc = new RTCPeerConnection({ iceServers }));
    // Both senders exist from the start, with or without a device behind them, so that a camera switched on later
    // needs no second offer. The server requires audio: where nothing can be captured the page only receives.
    const audio = pc.addTransceiver(microphone ?? "audio", { direction: canCapture ? "sendrecv" : "recvonly" });
    const video = canCapture ? pc.addTransceiver(camera ?? "video", videoUp()) : null;
    this.senders = { microphone: canCapture ? audio.sender : null, camera: video?.sender ?? null };
    this.channel = pc.createDataChannel("events");
    this.#listen(pc);
  }

  #listen(pc) {
    const { channel } = this;
    channel.onmessage = ({ data }) => this.receive(data);
    channel.onclose = () => this.end("lost", "the data channel closed");
    pc.ontrack = ({ track, receiver, streams }) => {
      if (track.kind !== "audio") return;
      minimizeDelay(receiver);
      this.dispatchEvent(new CustomEvent("voice", { detail: streams[0] ?? new MediaStream([track]) }));
    };
    pc.onicecandidate = ({ candidate }) => candidate?.candidate && this.#trickle(candidate);
    let healing = 0;
    pc.onconnectionstatechange = () => {
      clearTimeout(healing);
      const state = pc.connectionState;
      if (state === "failed" || state === "closed") this.end("lost", `the connection ${state}`);
      if (state === "connected") this.dispatchEvent(new Event("steady"));
      if (state === "disconnected") {
        this.dispatchEvent(new Event("shaky"));
        this.restart();
        healing = setTimeout(() => this.end("lost", "the network went away"), HEALING_MS);
      }
    };
  }

  /** @param {RTCOfferOptions} [options] */
  async offer(options) {
    await this.pc.setLocalDescription(await this.pc.createOffer(options));
    const { sdp, type } = this.pc.localDescription;
    return { sdp, type };
  }

  async connect({ sdp, type }, signal) {
    const { pc, channel } = this;
    this.#answered = true;
    this.#sendFound();
    await pc.setRemoteDescription({ type, sdp });
    await this.first(pathFound(pc, channel), PATH_MS, "no_path", signal);
    await this.first(opened(channel), OPENING_MS, "no_path", signal);
  }

  #trickle(candidate) {
    this.#found.push(candidate);
    if (this.#found.length === 1) setTimeout(() => this.#sendFound(), TOGETHER_MS);
  }

  /** Sends the candidates that were found since the offer. Without them the server still learns the address of each check. */
  #sendFound() {
    if (!this.#answered || !this.#found.length) return;
    const found = this.#found.splice(0);
    const candidates = found.map(({ candidate }) => candidate);
    changePath({ candidates, user: found[0].usernameFragment }).catch(() => {});
  }

  /** Looks for another path to the server, with an ICE restart: this one has failed, or the network is another one. */
  async restart() {
    const { pc } = this;
    if (!this.live || this.#restarting || performance.now() - this.#restartedAt < RESTART_EVERY_MS) return;
    this.#restarting = true;
    this.#restartedAt = performance.now();
    try {
      await pc.setRemoteDescription(await changePath(await this.offer({ iceRestart: true })));
    } catch (trouble) {
      if (trouble.code === "no_such_call") this.end("lost", "the server has lost the call");
      else if (pc.signalingState === "have-local-offer") await pc.setLocalDescription({ type: "rollback" }).catch(() => {});
    }
    this.#restarting = false;
  }

  /** True if the message was sent; a message without an open channel is not kept. */
  send(message) {
    if (this.channel.readyState !== "open") return false;
    this.channel.send(JSON.stringify(message));
    return true;
  }

  /** The browser's statistics of the sound that comes in, and of the path of the packets; null where there are none. */
  async statistics() {
    const reports = [...(await this.pc.getStats()).values()];
    const sound = reports.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio") ?? null;
    const path = reports.find((report) => report.type === "candidate-pair" && isPath(report)) ?? null;
    return { sound, path };
  }

  close() {
    super.close();
    this.channel.onclose = null;
    this.pc.onconnectionstatechange = this.pc.onicecandidate = null;
    this.pc.close();
  }
}

const isPath = ({ nominated, currentRoundTripTime }) => nominated && currentRoundTripTime !== undefined;

/** The server looks at up to 8 pictures a second, so 15 are enough.
 * @returns {RTCRtpTransceiverInit} */
function videoUp() {
  return { direction: "sendonly", sendEncodings: [{ maxBitrate: 800_000, maxFramerate: 15 }] };
}

/** Asks for the shortest jitter buffer. */
function minimizeDelay(receiver) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
  if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0;
}

/** Resolves once a connectivity check has succeeded. */
function pathFound(pc, channel) {
  return new Promise((/** @type {(value?: any) => void} */ resolve) => {
    const look = () => ["connected", "completed"].includes(pc.iceConnectionState) && resolve();
    pc.addEventListener("iceconnectionstatechange", look);
    opened(channel).then(resolve);
    look();
  });
}

function opened(channel) {
  return new Promise((/** @type {(value?: any) => void} */ resolve) => {
    if (channel.readyState === "open") resolve();
    else channel.addEventListener("open", resolve, { once: true });
  });
}
