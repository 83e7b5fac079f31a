/* Draws detected objects and text over the preview, each as a box with a label.

   The picture is not mirrored, so that signs stay readable and "left" in an answer is left on the screen. */

const SAME_PLACE = 0.25; // a box whose corner moved further, as a share of the picture, is another object

export class Overlay {
  #marks = []; // {kind, name, box, node}

  /**
   * @param {HTMLElement} layer lies exactly over `video`
   * @param {HTMLVideoElement} video is shown with object-fit: cover
   */
  constructor(layer, video) {
    this.layer = layer;
    this.video = video;
    new ResizeObserver(() => this.#place()).observe(layer);
    video.addEventListener("resize", () => this.#fit());
  }

  /** Gives the stage the shape of the picture, so that nothing of it is cut off where there is room. */
  #fit() {
    const { videoWidth, videoHeight } = this.video;
    const stage = /** @type {HTMLElement | null} */ (this.video.closest("#stage"));
    if (videoWidth && videoHeight) stage?.style.setProperty("--aspect", `${videoWidth} / ${videoHeight}`);
    this.#place();
  }

  show({ objects = [], texts = [], camera = true }) {
    const seen = camera
      ? [
          ...objects.map(({ label, score, box }) => ({ kind: "object", name: label, score, box })),
          ...texts.map(({ text, box }) => ({ kind: "text", name: text, box })),
        ]
      : [];
    // Measured before anything is added: a box laid out without a position would move there from a corner.
    const picture = this.#picture();
    const left = new Set(this.#marks);
    this.#marks = seen.map((thing) => {
      const known = [...left].find((mark) => isSame(mark, thing));
      if (!known) return { ...thing, node: this.#make(thing) };
      left.delete(known);
      return Object.assign(known, thing);
    });
    for (const { node } of left) node.remove();
    this.#place(picture);
  }

  #make({ kind, name }) {
    const node = document.createElement("div");
    node.className = "seen";
    node.dataset.kind = kind;
    const label = document.createElement("span");
    label.textContent = name;
    node.append(label);
    this.layer.append(node);
    return node;
  }

  #place({ left, top, width, height, viewWidth, viewHeight } = this.#picture()) {
    for (const { box, node } of this.#marks) {
      const x0 = clamp(left + box[0] * width, 2, viewWidth - 2);
      const y0 = clamp(top + box[1] * height, 2, viewHeight - 2);
      const x1 = clamp(left + box[2] * width, 2, viewWidth - 2);
      const y1 = clamp(top + box[3] * height, 2, viewHeight - 2);
      node.style.transform = `translate(${x0.toFixed(1)}px, ${y0.toFixed(1)}px)`;
      node.style.width = `${Math.max(0, x1 - x0).toFixed(1)}px`;
      node.style.height = `${Math.max(0, y1 - y0).toFixed(1)}px`;
      node.classList.toggle("high", y0 < 26); // no room for the label above
    }
  }

  #picture() {
    const { clientWidth, clientHeight } = this.layer;
    return pictureArea(clientWidth, clientHeight, this.video.videoWidth / this.video.videoHeight || 16 / 9);
  }
}

/** The area of a picture of this aspect ratio in a view with `object-fit: cover`, in pixels: larger on two sides. */
export function pictureArea(viewWidth, viewHeight, ratio) {
  const width = Math.max(viewWidth, viewHeight * ratio);
  const height = width / ratio;
  return { left: (viewWidth - width) / 2, top: (viewHeight - height) / 2, width, height, viewWidth, viewHeight };
}

/** Whether `thing` is what `mark` shows, so that the box moves instead of being replaced. */
export function isSame(mark, thing) {
  const moved = Math.hypot(mark.box[0] - thing.box[0], mark.box[1] - thing.box[1]);
  return mark.kind === thing.kind && mark.name === thing.name && moved < SAME_PLACE;
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
