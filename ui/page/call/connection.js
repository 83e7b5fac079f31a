/* What the connections of a call have in common, over WebRTC or a WebSocket: the messages, and how it ends. */

import { CallTrouble, requestCall } from "./request.js";
import { continuing, count } from "./resuming.js";

const HELLO_MS = 10000;

/**
 * Events: `answered` (detail: {resumed, restored}), `message` (detail: the parsed object), `voice` (detail: a
 * MediaStream), `shaky`, `steady`.
 * `ended` resolves once to {why: "lost" | "bye" | "closed", reason}.
 */
export class Connection extends EventTarget {
  live = false; // the server has said hello
  /** @type {RTCPeerConnection | null} */
  pc = null;
  /** @type {{microphone: any, camera: any}} what takes the tracks of the devices: objects with replaceTrack, or null */
  senders = { microphone: null, camera: null };
  #end;
  #greeted;

  constructor() {
    super();
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.hello = new Promise((resolve) => (this.#greeted = resolve));
  }

  /**
   * Offers the call, with what was `said` before, and returns once the server has said hello. Closes the connection and
   * throws CallTrouble otherwise. `record`: the user agrees that the call is recorded.
   */
  async open(signal, said = [], record = false) {
    try {
      const offer = await this.offer();
      const answer = await requestCall({ ...offer, ...continuing(said), ...(record && { record }) }, signal);
      this.dispatchEvent(new CustomEvent("answered", { detail: answer }));
      await this.connect(answer, signal);
      return await this.first(this.hello, HELLO_MS, "silent_server", signal);
    } catch (trouble) {
      this.close();
      throw trouble;
    }
  }

  /** What is offered to the server. @returns {Promise<object>} */
  async offer() {
    return {};
  }

  /** Connects as the server's answer says, so that its messages arrive. @param {any} _answer @param {AbortSignal} _signal */
  async connect(_answer, _signal) {}

  /** Waits for `event`, up to `timeout` ms, the end of the connection or the abort of `signal`. */
  async first(event, timeout, code, signal) {
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

  /** Takes a message of the server, as text. */
  receive(data) {
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

  /** Looks for another path to the server, where the connection can. */
  async restart() {}

  end(why, reason = "") {
    this.#end({ why, reason });
  }

  close() {
    this.end("closed");
  }
}
