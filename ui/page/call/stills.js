/* Takes JPEG pictures of the camera for a call over a WebSocket. */

const EVERY_MS = 330; // a scene that stands still needs less, a sign held up is read from the first picture
const LONGEST_SIDE = 960;
const SLOW_SIDE = 480; // on a network that is too slow for LONGEST_SIDE
const QUALITY = 0.75;

export class Stills {
  #video = document.createElement("video");
  #canvas = document.createElement("canvas");
  #timer;
  #busy = false;
  #side = LONGEST_SIDE;
  #send;
  #isBacklogged;

  /**
   * @param {(jpeg: ArrayBuffer) => void} send
   * @param {() => boolean} isBacklogged whether what was sent has not left yet
   */
  constructor(send, isBacklogged) {
    this.#send = send;
    this.#isBacklogged = isBacklogged;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#timer = setInterval(() => this.#take(), EVERY_MS);
  }

  /** Takes pictures of another camera, or of none. @param {MediaStreamTrack | null} track */
  follow(track) {
    this.#video.srcObject = track ? new MediaStream([track]) : null;
    if (track) this.#video.play().catch(() => {}); // replaced meanwhile
  }

  close() {
    clearInterval(this.#timer);
    this.follow(null);
  }

  async #take() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (this.#busy || !this.#video.srcObject || !width) return;
    if (this.#isBacklogged()) return void (this.#side = SLOW_SIDE);
    this.#busy = true;
    const scale = Math.min(1, this.#side / Math.max(width, height));
    Object.assign(this.#canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    this.#canvas.getContext("2d")?.drawImage(this.#video, 0, 0, this.#canvas.width, this.#canvas.height);
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) =>
      this.#canvas.toBlob(resolve, "image/jpeg", QUALITY),
    );
    if (blob && this.#video.srcObject) this.#send(await blob.arrayBuffer());
    this.#busy = false;
  }
}
