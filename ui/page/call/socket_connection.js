/* A call over a WebSocket, for networks that let no UDP through. docs/wire.md describes its binary messages. */

import { Connection } from "./connection.js";
import { CallTrouble } from "./request.js";
import { SocketSound } from "./socket_sound.js";
import { Stills } from "./stills.js";

const OPENING_MS = 10000;
const [SOUND, PICTURE, GOT] = [1, 2, 3];
const HEADER = 8; // bytes: the kind, three unused, a number
const GOT_EVERY = 5; // frames of the voice
const MOST_WAITING = 64 * 1024; // bytes: two seconds of sound, which is too late then

export class SocketConnection extends Connection {
  socket = null;
  #frames = 0; // of the voice
  #spoken = 0; // samples of the microphone
  #sound = new SocketSound();
  #stills = new Stills(
    (jpeg) => this.#sendBinary(PICTURE, 0, new Uint8Array(jpeg)),
    () => this.socket?.bufferedAmount > 0,
  );

  constructor({ microphone, camera }) {
    super();
    this.#sound.follow(microphone);
    this.#stills.follow(camera);
    this.senders = {
      microphone: { replaceTrack: async (track) => this.#sound.follow(track) },
      camera: { replaceTrack: async (track) => this.#stills.follow(track) },
    };
  }

  async offer() {
    return { transport: "websocket" };
  }

  async connect({ socket }, signal) {
    if (!socket) throw new CallTrouble("no_path"); // an older server
    await this.first(this.#opened(socket), OPENING_MS, "no_path", signal);
    await this.#sound.open((samples) => this.#speak(samples)).catch(() => {}); // text is still possible
    if (this.#sound.stream) this.dispatchEvent(new CustomEvent("voice", { detail: this.#sound.stream }));
  }

  #opened(path) {
    const address = new URL(path, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(address));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.receive(data) : this.#hear(data));
    socket.onclose = () => this.end("lost", "the connection closed");
    return new Promise((/** @type {(value?: any) => void} */ resolve) => (socket.onopen = resolve));
  }

  #hear(data) {
    if (data.byteLength < HEADER || new DataView(data).getUint8(0) !== SOUND) return;
    this.#sound.play(new Int16Array(data.slice(HEADER)));
    this.#frames += 1;
    if (this.#frames % GOT_EVERY === 0) this.#sendBinary(GOT, this.#frames, new Uint8Array());
  }

  #speak(samples) {
    const bytes = new Uint8Array(samples.buffer);
    if (this.socket.bufferedAmount < MOST_WAITING) this.#sendBinary(SOUND, this.#spoken, bytes);
    this.#spoken += samples.length;
  }

  #sendBinary(kind, number, bytes) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const message = new Uint8Array(HEADER + bytes.length);
    message[0] = kind;
    new DataView(message.buffer).setUint32(4, number % 2 ** 32, true);
    message.set(bytes, HEADER);
    this.socket.send(message);
  }

  /** True if the message was sent. */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** As PeerConnection.statistics, of the voice alone. */
  async statistics() {
    const { played, delay } = this.#sound.report;
    const sound = { packetsReceived: this.#frames, jitterBufferEmittedCount: played, jitterBufferDelay: delay };
    return { sound, path: null };
  }

  close() {
    super.close();
    this.#stills.close();
    this.#sound.close();
    if (!this.socket) return;
    this.socket.onclose = null;
    this.socket.close();
  }
}
