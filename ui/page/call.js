/* The call as the person knows it: it starts, may be lost and found again, and ends. Holds one connection at a time. */

import { CallTrouble, Connection } from "./connection.js";

const RETRY_S = [0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8]; // then we give up and say so
const WAITING_S = { busy: 10, starting: 2 }; // where the server does not say when to come back
const WORTH_RETRYING = new Set(["unreachable", "no_path", "silent_server", "http_502", "http_504"]);

/**
 * Events: `phase` (detail: idle, connecting, live, reconnecting, busy, error, stopped), `connection` (detail: the new
 * Connection, not open yet), `message` (detail), `trouble` (detail: CallTrouble), `over` (detail: the server's reason).
 */
export class Call extends EventTarget {
  phase = "idle";
  connection = null;
  #calledOff = null; // AbortController of the present call
  #hurry = () => {};

  /** @param sources () => {microphone, camera, canCapture}: asked again for every connection */
  constructor(sources) {
    super();
    this.sources = sources;
    addEventListener("online", () => this.retryNow());
  }

  get wanted() {
    return this.#calledOff !== null;
  }

  /** Runs until the call is over. `prepare` is awaited before the first try. Never throws. */
  async start(prepare) {
    if (this.wanted) return;
    this.#calledOff = new AbortController();
    const { signal } = this.#calledOff;
    try {
      this.#tell("phase", "connecting");
      await prepare();
      signal.throwIfAborted();
      await this.#keepUp(signal);
    } catch (trouble) {
      if (signal.aborted) return; // stop() has done the rest
      this.#calledOff = null;
      this.#tell("phase", trouble.code === "stopping" ? "stopped" : "error");
      this.#tell("trouble", trouble instanceof CallTrouble ? trouble : new CallTrouble("page", { text: String(trouble) }));
    }
  }

  async #keepUp(signal) {
    let failures = 0;
    let known = false; // whether there has been a call to come back to
    while (true) {
      this.#tell("phase", known ? "reconnecting" : "connecting");
      try {
        await this.#connect(signal);
        known = true;
        failures = 0;
        this.#tell("phase", "live");
        const { why, reason } = await this.connection.ended;
        signal.throwIfAborted();
        this.connection.close();
        if (why === "bye") return this.#finish(reason);
      } catch (trouble) {
        signal.throwIfAborted();
        if (WAITING_S[trouble.code]) await this.#waitFor(trouble, signal);
        else if (!known || !WORTH_RETRYING.has(trouble.code) || failures >= RETRY_S.length) throw trouble;
        else await this.#pause(RETRY_S[failures++], signal);
      }
    }
  }

  async #connect(signal) {
    if (!globalThis.RTCPeerConnection) throw new CallTrouble("unsupported");
    const connection = (this.connection = new Connection(this.sources()));
    connection.addEventListener("message", ({ detail }) => this.#tell("message", detail));
    connection.addEventListener("shaky", () => this.#tell("phase", "reconnecting"));
    connection.addEventListener("steady", () => connection.live && this.#tell("phase", "live"));
    this.#tell("connection", connection);
    await connection.open(signal);
  }

  /** The server is there but not ready for us; it says for how long. */
  async #waitFor({ code, retryAfter }, signal) {
    const seconds = retryAfter || WAITING_S[code];
    if (code === "busy") this.#tell("phase", "busy");
    this.#tell("trouble", new CallTrouble(code, { retryAfter: seconds }));
    await this.#pause(seconds, signal);
  }

  #finish(reason) {
    this.#calledOff = null;
    this.#tell("phase", "stopped");
    this.#tell("over", reason);
  }

  #pause(seconds, signal) {
    return new Promise((resolve, reject) => {
      this.#hurry = resolve;
      setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Does not wait any longer for the next try. */
  retryNow() {
    this.#hurry();
  }

  stop() {
    this.send({ type: "bye" });
    this.connection?.close();
    this.connection = null;
    this.#calledOff?.abort();
    this.#calledOff = null;
    this.#tell("phase", "idle");
  }

  send(message) {
    return this.connection?.send(message) ?? false;
  }

  #tell(type, detail) {
    if (type === "phase" && this.phase === detail) return;
    if (type === "phase") this.phase = detail;
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
