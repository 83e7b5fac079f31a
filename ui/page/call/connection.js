/* Opens one peer connection to the server, with its data channel, and reports how it ends. call.js does the retries. */

import { continuing, count, remember, rememberPlace } from "./resuming.js";
import { authorization } from "./token.js";

const GATHERING_MS = 1500; // host addresses are there within 200 ms; some browsers never say "complete"
const OPENING_MS = 15000;
const HELLO_MS = 10000;
const HEALING_MS = 4000; // a path that is "disconnected" often recovers within this time

/**
 * Why a call could not be made. `code` is the server's or one of: unsupported, unreachable, no_path, silent_server;
 * `queue` is {position, wait_s} of a caller that waits for a place.
 */
export class CallTrouble extends Error {
  constructor(code, { text = "", retryAfter = 0, queue = null } = {}) {
    super(text || code);
    this.code = code;
    this.text = text;
    this.retryAfter = retryAfter;
    this.queue = queue;
  }
}

/**
 * Events: `answered` (detail: {resumed, restored}), `message` (detail: the parsed object), `voice` (detail: a
 * MediaStream), `shaky`, `steady`.
 * `ended` resolves once to {why: "lost" | "bye" | "closed", reason}.
 */
export class Connection extends EventTarget {
  live = false; // the server has said hello
  #end;
  #greeted;

  constructor({ microphone, camera, canCapture }, iceServers = []) {
    super();
    this.pc = new RTCPeerConnection({ iceServers });
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.hello = new Promise((resolve) => (this.#greeted = resolve));
    // Both senders exist from the start, with or without a device behind them, so that a camera switched on later
    // needs no second offer. The server requires audio: where nothing can be captured the page only receives.
    const audio = this.pc.addTransceiver(microphone ?? "audio", { direction: canCapture ? "sendrecv" : "recvonly" });
    const video = canCapture ? this.pc.addTransceiver(camera ?? "video", videoUp()) : null;
    this.senders = { microphone: canCapture ? audio.sender : null, camera: video?.sender ?? null };
    this.channel = this.pc.createDataChannel("events");
    this.#listen();
  }

  #listen() {
    const { pc, channel } = this;
    channel.onmessage = ({ data }) => this.#receive(data);
    channel.onclose = () => this.end("lost", "the data channel closed");
    pc.ontrack = ({ track, receiver, streams }) => {
      if (track.kind !== "audio") return;
      minimizeDelay(receiver);
      this.dispatchEvent(new CustomEvent("voice", { detail: streams[0] ?? new MediaStream([track]) }));
    };
    let healing = 0;
    pc.onconnectionstatechange = () => {
      clearTimeout(healing);
      const state = pc.connectionState;
      if (state === "failed" || state === "closed") this.end("lost", `the connection ${state}`);
      if (state === "connected") this.dispatchEvent(new Event("steady"));
      if (state === "disconnected") {
        this.dispatchEvent(new Event("shaky"));
        healing = setTimeout(() => this.end("lost", "the network went away"), HEALING_MS);
      }
    };
  }

  /**
   * Offers the call, with what was `said` before, and returns once the server has said hello. Closes the connection and
   * throws CallTrouble otherwise. `record`: the user agrees that the call is recorded.
   */
  async open(signal, said = [], record = false) {
    try {
      await this.pc.setLocalDescription(await this.pc.createOffer());
      await gathered(this.pc);
      const answer = await offerCall(this.pc.localDescription, { ...continuing(said), ...(record && { record }) }, signal);
      this.dispatchEvent(new CustomEvent("answered", { detail: answer }));
      await this.pc.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
      await this.#first(this.channel.readyState === "open" || opened(this.channel), OPENING_MS, "no_path", signal);
      return await this.#first(this.hello, HELLO_MS, "silent_server", signal);
    } catch (trouble) {
      this.close();
      throw trouble;
    }
  }

  /** Waits for `event`, up to `timeout` ms, the end of the connection or the abort of `signal`. */
  async #first(event, timeout, code, signal) {
    let timer;
    const failing = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new CallTrouble(code)), timeout);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.ended.then(({ why, reason }) => reject(new CallTrouble(why === "bye" ? "stopping" : code, { text: reason })));
    });
    failing.catch(() => {}); // it may be rejected after the race is decided
    try {
      return await Promise.race([event, failing]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(data) {
    count();
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      console.warn("The server sent a message that is not JSON.", data);
      return;
    }
    if (message.type === "hello") {
      this.live = true;
      this.#greeted(message);
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    if (message.type === "bye") this.end("bye", message.reason);
  }

  /** True if the message was sent; a message without an open channel is not kept. */
  send(message) {
    if (this.channel.readyState !== "open") return false;
    this.channel.send(JSON.stringify(message));
    return true;
  }

  end(why, reason = "") {
    this.#end({ why, reason });
  }

  close() {
    this.end("closed");
    this.channel.onclose = null;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }
}

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

function gathered(pc) {
  return new Promise((/** @type {(value?: any) => void} */ resolve) => {
    const done = () => pc.iceGatheringState === "complete" && resolve();
    pc.addEventListener("icegatheringstatechange", done);
    setTimeout(resolve, GATHERING_MS);
    done();
  });
}

function opened(channel) {
  return new Promise((resolve) => channel.addEventListener("open", resolve, { once: true }));
}

/** The STUN and TURN servers that this server names: none, unless it was started with some.
 * @returns {Promise<RTCIceServer[]>} */
export async function iceServers(signal) {
  try {
    const response = await fetch("/ice", { headers: authorization(), signal });
    return response.ok ? (await response.json()).iceServers : [];
  } catch {
    signal.throwIfAborted();
    return []; // the offer shows whether the server can be reached
  }
}

async function offerCall({ sdp, type }, more, signal) {
  let response;
  try {
    response = await fetch("/call", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization() },
      body: JSON.stringify({ sdp, type, ...more }),
      signal,
    });
  } catch (trouble) {
    if (signal.aborted) throw trouble;
    throw new CallTrouble("unreachable");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) {
    remember(body);
    return body;
  }
  rememberPlace(body.queue);
  throw new CallTrouble(body.error?.code ?? `http_${response.status}`, {
    text: body.error?.message,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
    queue: body.queue ?? null,
  });
}
