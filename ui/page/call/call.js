/* Keeps one call: starts it, reconnects when it is lost, and ends it. Holds one connection at a time. */

import { PeerConnection } from "./peer_connection.js";
import { CallTrouble, iceServers } from "./request.js";
import { forget, leave } from "./resuming.js";
import { SocketConnection } from "./socket_connection.js";

const RETRY_S = [0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8]; // after the last one the page gives up and reports it
const WAITING_S = { busy: 10, starting: 2, stuck: 10, too_fast: 5 }; // without a Retry-After header
const RETRIED = new Set(["unreachable", "no_path", "silent_server", "http_502", "http_504"]);

/**
 * Events: `phase` (detail: idle, connecting, live, reconnecting, busy, error, stopped), `connection` (detail: the new
 * Connection, not open yet), `answered` (detail: {resumed, restored}), `message` (detail), `trouble` (detail:
 * CallTrouble), `over` (detail: the server's reason), `socket` (the call goes over a WebSocket: no UDP passes).
 */
export class Call extends EventTarget {
  phase = "idle";
  connection = null;
  /** @type {AbortController | null} */
  #abort = null; // of the current call
  /** @type {(value?: any) => void} */
  #endPause = () => {};
  #overSocket = false; // this network lets no UDP through

  /**
   * @param {() => {microphone: any, camera: any, canCapture: boolean}} sources called for every connection
   * @param {() => {role: string, text: string}[]} said what was said so far, for a server that has lost the call
   * @param {() => boolean} record whether the user agrees that the call is recorded
   */
  constructor(sources, said, record) {
    super();
    this.sources = sources;
    this.said = said;
    this.record = record;
    addEventListener("online", () => {
      this.#overSocket = false; // perhaps another network
      this.connection?.restart();
      this.retryNow();
    });
  }

  get wanted() {
    return this.#abort !== null;
  }

  /** Runs until the call is over. `prepare` is awaited before the first try. Never throws. */
  async start(prepare) {
    if (this.wanted) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      this.#emit("phase", "connecting");
      await prepare();
      signal.throwIfAborted();
      await this.#keepUp(signal);
    } catch (trouble) {
      if (signal.aborted) return; // by stop(), which reports the phase
      this.#abort = null;
      this.#emit("phase", trouble.code === "stopping" ? "stopped" : "error");
      this.#emit("trouble", trouble instanceof CallTrouble ? trouble : new CallTrouble("page", { text: String(trouble) }));
    }
  }

  async #keepUp(signal) {
    let failures = 0;
    let known = false; // whether a call has been established
    forget();
    while (true) {
      this.#emit("phase", known ? "reconnecting" : "connecting");
      try {
        await this.#connect(signal, known ? this.said() : []);
        known = true;
        failures = 0;
        this.#emit("phase", "live");
        const { why, reason } = await this.connection.ended;
        signal.throwIfAborted();
        this.connection.close();
        if (why === "bye") return this.#finish(reason);
      } catch (trouble) {
        signal.throwIfAborted();
        if (WAITING_S[trouble.code]) await this.#waitFor(trouble, signal);
        else if (!known || !RETRIED.has(trouble.code) || failures >= RETRY_S.length) throw trouble;
        else await this.#pause(RETRY_S[failures++], signal);
      }
    }
  }

  /** Calls over WebRTC, and where no packet passes over a WebSocket, in the same session. */
  async #connect(signal, said) {
    if (!globalThis.RTCPeerConnection && !globalThis.AudioWorkletNode) throw new CallTrouble("unsupported");
    if (globalThis.RTCPeerConnection && !this.#overSocket) {
      try {
        return await this.#open(new PeerConnection(this.sources(), await iceServers(signal)), signal, said);
      } catch (trouble) {
        signal.throwIfAborted();
        if (trouble.code !== "no_path" || !globalThis.AudioWorkletNode) throw trouble;
      }
    }
    this.#overSocket = true;
    try {
      await this.#open(new SocketConnection(this.sources()), signal, said);
    } catch (trouble) {
      if (trouble.code === "no_path") this.#overSocket = false;
      throw trouble;
    }
    this.#emit("socket");
  }

  async #open(connection, signal, said) {
    this.connection = connection;
    connection.addEventListener("answered", ({ detail }) => this.#emit("answered", detail));
    connection.addEventListener("message", ({ detail }) => this.#emit("message", detail));
    connection.addEventListener("shaky", () => this.#emit("phase", "reconnecting"));
    connection.addEventListener("steady", () => connection.live && this.#emit("phase", "live"));
    this.#emit("connection", connection);
    await connection.open(signal, said, this.record());
  }

  /** The server answers but takes no call yet; it says when to try again. */
  async #waitFor({ code, retryAfter, queue }, signal) {
    const seconds = retryAfter || WAITING_S[code];
    if (code === "busy") this.#emit("phase", "busy");
    this.#emit("trouble", new CallTrouble(code, { retryAfter: seconds, queue }));
    await this.#pause(seconds, signal);
  }

  #finish(reason) {
    leave();
    this.#abort = null;
    this.#emit("phase", "stopped");
    this.#emit("over", reason);
  }

  #pause(seconds, signal) {
    return new Promise((resolve, reject) => {
      this.#endPause = resolve;
      setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Tries again now instead of waiting. */
  retryNow() {
    this.#endPause();
  }

  stop() {
    this.send({ type: "bye" });
    this.connection?.close();
    this.connection = null;
    this.#abort?.abort();
    this.#abort = null;
    this.#emit("phase", "idle");
  }

  send(message) {
    return this.connection?.send(message) ?? false;
  }

  #emit(type, detail = undefined) {
    if (type === "phase" && this.phase === detail) return;
    if (type === "phase") this.phase = detail;
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
