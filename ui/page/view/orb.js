/* Draws the assistant as an orb whose colour shows the state and whose motion follows the received sound.

   The frame rate and the canvas are small, since the models may run on the same processor. With reduced motion the
   orb is still: its colour shows the state and only its glow follows the voice. */

const FRAME_MS = 1000 / 30;
const QUIET_FRAME_MS = 1000 / 12; // in states where it only breathes
const STILL_FRAME_MS = 250;
const MOST_PIXELS = 400; // across
const SETTLING_S = 1; // for the colours of a new state
const QUIET = new Set(["idle", "listening", "busy", "error", "stopped"]);
const BARS = 5; // on each side, the one in the middle counted

/** light, body, deep: the sphere's colours. churn: the speed of the currents inside. wave: the ripple of the edge.
 * @typedef {{light: number[], body: number[], deep: number[], churn: number, wave: number}} Look
 * @type {Record<string, Look>} */
const LOOKS = {
  idle: { light: [226, 244, 236], body: [104, 178, 165], deep: [37, 96, 102], churn: 0.25, wave: 0.006 },
  connecting: { light: [250, 240, 214], body: [196, 178, 132], deep: [110, 92, 70], churn: 0.9, wave: 0.01 },
  listening: { light: [214, 252, 240], body: [56, 186, 164], deep: [9, 88, 96], churn: 0.4, wave: 0.012 },
  hearing: { light: [222, 246, 255], body: [72, 170, 216], deep: [20, 78, 128], churn: 0.7, wave: 0.02 },
  thinking: { light: [255, 242, 206], body: [232, 176, 84], deep: [148, 84, 34], churn: 1.6, wave: 0.014 },
  speaking: { light: [255, 232, 214], body: [240, 132, 92], deep: [156, 52, 52], churn: 1.0, wave: 0.02 },
  error: { light: [238, 226, 222], body: [172, 132, 126], deep: [98, 66, 64], churn: 0.1, wave: 0.004 },
};
LOOKS.reconnecting = LOOKS.connecting;
LOOKS.busy = LOOKS.connecting;
LOOKS.stopped = LOOKS.error;

export class Orb {
  #look = structuredClone(LOOKS.idle);
  #state = "idle";
  #settled = 0; // seconds in this state
  #time = 0; // animation seconds; they pass faster when it churns
  #drawnAt = 0;
  #history = new Array(2 * BARS).fill(0); // levels of the last frames, newest first
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{voice: () => number, microphone: () => number}} levels 0 to 1
   */
  constructor(canvas, levels) {
    this.canvas = canvas;
    this.levels = levels;
    this.ink = canvas.getContext("2d");
    new ResizeObserver(() => this.#fit()).observe(canvas);
    requestAnimationFrame((now) => this.#frame(now));
  }

  be(state) {
    this.#state = state;
    this.#settled = 0;
  }

  #fit() {
    const wanted = this.canvas.clientWidth * Math.min(devicePixelRatio, 2);
    this.canvas.width = this.canvas.height = Math.round(Math.min(wanted, MOST_PIXELS));
    this.#drawnAt = 0;
  }

  #frame(now) {
    requestAnimationFrame((next) => this.#frame(next)); // the browser stops these while the page is hidden
    const passed = now - this.#drawnAt;
    if (passed < this.#frameTime() - 2 || this.canvas.width === 0) return;
    this.#drawnAt = now;
    this.#step(Math.min(passed, 100) / 1000);
    this.#draw();
  }

  #frameTime() {
    if (this.#still.matches) return STILL_FRAME_MS;
    const isQuiet = QUIET.has(this.#state) && this.#settled > SETTLING_S;
    return isQuiet ? QUIET_FRAME_MS : FRAME_MS;
  }

  #step(seconds) {
    this.#settled += seconds;
    const target = LOOKS[this.#state] ?? LOOKS.idle;
    const near = this.#still.matches ? 1 : 1 - Math.exp(-seconds * 5);
    for (const name of ["light", "body", "deep"]) {
      this.#look[name] = this.#look[name].map((now, i) => now + (target[name][i] - now) * near);
    }
    for (const name of ["churn", "wave"]) this.#look[name] += (target[name] - this.#look[name]) * near;
    if (!this.#still.matches) this.#time += seconds * this.#look.churn;
    const level = this.#state === "hearing" ? this.levels.microphone() : this.levels.voice();
    this.#history = [level, ...this.#history.slice(0, -1)];
  }

  #draw() {
    const { ink } = this;
    const size = this.canvas.width;
    const level = this.#history[0];
    const radius = size * (0.31 + (this.#still.matches ? 0 : 0.006 * Math.sin(this.#time * 2.2) + 0.025 * level));
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, size, size);
    ink.translate(size / 2, size / 2);
    this.#glow(radius, level);
    this.#sphere(radius, level);
    if (this.#state === "thinking" || this.#state === "connecting" || this.#state === "reconnecting") this.#comet(radius);
    if (this.#state === "speaking" || this.#state === "hearing") this.#bars(radius);
  }

  #glow(radius, level) {
    const reach = radius * (1.3 + 0.28 * level);
    const shade = this.ink.createRadialGradient(0, 0, radius * 0.85, 0, 0, reach);
    shade.addColorStop(0, rgba(this.#look.body, 0.34 + 0.4 * level));
    shade.addColorStop(1, rgba(this.#look.body, 0));
    this.#disc(reach, shade);
  }

  #sphere(radius, level) {
    const { ink } = this;
    const { light, body, deep } = this.#look;
    ink.save();
    ink.beginPath();
    for (let i = 0; i <= 72; i++) {
      const angle = (i / 72) * 2 * Math.PI;
      const r = radius * (1 + this.#ripple(angle, level));
      ink.lineTo(r * Math.cos(angle), r * Math.sin(angle));
    }
    ink.closePath();
    const shade = ink.createRadialGradient(-radius * 0.35, -radius * 0.45, radius * 0.05, 0, 0, radius * 1.15);
    shade.addColorStop(0, rgba(light, 1));
    shade.addColorStop(0.42, rgba(body, 1));
    shade.addColorStop(1, rgba(deep, 1));
    ink.fillStyle = shade;
    ink.fill();
    ink.clip();
    this.#currents(radius);
    ink.restore();
  }

  #ripple(angle, level) {
    if (this.#still.matches) return 0;
    const t = this.#time * 3;
    const shape = Math.sin(2 * angle + t) + 0.7 * Math.sin(3 * angle - 1.3 * t) + 0.5 * Math.sin(5 * angle + 1.9 * t);
    return shape * (this.#look.wave + 0.018 * level);
  }

  /** Slow lights that drift inside the sphere. */
  #currents(radius) {
    const { ink } = this;
    const t = this.#time;
    ink.globalCompositeOperation = "soft-light";
    for (let i = 0; i < 3; i++) {
      const x = radius * 0.55 * Math.sin(t * (0.7 + 0.23 * i) + i * 2.1);
      const y = radius * 0.55 * Math.cos(t * (0.9 - 0.17 * i) + i * 1.3);
      const shade = ink.createRadialGradient(x, y, 0, x, y, radius * 0.8);
      const colour = i === 1 ? this.#look.deep : [255, 255, 255];
      shade.addColorStop(0, rgba(colour, 0.75));
      shade.addColorStop(1, rgba(colour, 0));
      this.#disc(radius * 1.2, shade);
    }
    ink.globalCompositeOperation = "source-over";
  }

  /** A light that circles while the page waits. */
  #comet(radius) {
    const { ink } = this;
    const head = this.#still.matches ? -0.6 : this.#time * 2.4;
    ink.lineWidth = radius * 0.055;
    ink.lineCap = "round";
    for (let i = 0; i < 14; i++) {
      ink.strokeStyle = rgba(this.#look.body, 0.95 * (1 - i / 14) ** 2);
      ink.beginPath();
      ink.arc(0, 0, radius * 1.2, head - (i + 1) * 0.1, head - i * 0.1);
      ink.stroke();
    }
  }

  /** The voice as bars: the newest sound in the middle, older sound moving outwards. */
  #bars(radius) {
    const { ink } = this;
    const step = (radius * 1.1) / (BARS * 2 - 1);
    ink.lineWidth = step * 0.5;
    ink.lineCap = "round";
    ink.strokeStyle = "rgba(255, 255, 255, 0.94)";
    for (let i = 1 - BARS; i < BARS; i++) {
      const level = this.#still.matches ? 0.35 : this.#history[2 * Math.abs(i)];
      const half = radius * (0.03 + 0.6 * level ** 1.6 * Math.cos((i / BARS) * 1.3));
      ink.beginPath();
      ink.moveTo(i * step, -half);
      ink.lineTo(i * step, half);
      ink.stroke();
    }
  }

  #disc(radius, shade) {
    this.ink.fillStyle = shade;
    this.ink.beginPath();
    this.ink.arc(0, 0, radius, 0, 2 * Math.PI);
    this.ink.fill();
  }
}

/** @type {(colour: number[], alpha: number) => string} */
const rgba = ([r, g, b], alpha) => `rgba(${r | 0}, ${g | 0}, ${b | 0}, ${alpha.toFixed(3)})`;
