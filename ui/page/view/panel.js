/* Shows the details: latency against budget, context, connection. Draws nothing while it is closed. */

import { inLanguage, strings } from "../strings/language.js";
import { Flight } from "./flight.js";
import { Meter } from "./meter.js";
import { showRecalls } from "./recalls.js";
import { Seconds } from "./seconds.js";
import { Waterfall } from "./waterfall.js";

/** @type {(id: string) => any} */
const by = (id) => document.getElementById(id);

export class Panel {
  #draws = new Map(); // name -> function that draws the newest figures

  constructor() {
    this.node = by("details");
    this.toggle = by("details-toggle");
    this.waterfall = new Waterfall({
      svg: by("latency-stages"),
      history: by("latency-turns"),
      summary: by("latency-summary"),
      table: by("latency-table"),
    });
    this.meter = new Meter({ bar: by("context-bar"), legend: by("context-legend"), summary: by("context-summary") });
    this.seconds = new Seconds({ box: by("seconds"), list: by("seconds-list"), summary: by("seconds-summary") });
    this.flight = new Flight({ list: by("why-list"), record: by("turn-record") });
    this.toggle.addEventListener("click", () => this.open(this.node.hidden));
    by("details-close").addEventListener("click", () => this.open(false));
    inLanguage(() => this.isOpen && this.#redraw());
  }

  get isOpen() {
    return !this.node.hidden;
  }

  open(open) {
    this.node.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    (open ? by("details-close") : this.toggle).focus();
    if (open) this.#redraw();
  }

  #redraw() {
    for (const draw of this.#draws.values()) draw();
  }

  showLatency(turns) {
    this.#draw("latency", () => this.waterfall.show(turns));
  }

  showFlight(message) {
    this.flight.take(message);
    this.#draw("flight", () => this.flight.draw());
  }

  showContext(context) {
    this.#draw("context", () => this.meter.show(context));
  }

  showUnit(unit) {
    this.seconds.take(unit);
    this.#draw("seconds", () => this.seconds.draw());
  }

  showRecalls(turns) {
    this.#draw("recalls", () => showRecalls(by("context-recalls"), turns));
  }

  showConnection({ rtt, playout, jitter, lost }) {
    this.#draw("connection", () => {
      by("rtt").textContent = ms(rtt);
      by("playout").textContent = ms(playout);
      by("jitter").textContent = ms(jitter);
      by("lost").textContent = lost ?? "–";
    });
  }

  showHello({ setup, version, session }) {
    by("setup").textContent = setup ?? "–";
    by("version").textContent = version ?? "–";
    by("session").textContent = session ?? "–";
  }

  #draw(name, draw) {
    this.#draws.set(name, draw);
    if (this.isOpen) draw();
  }
}

const ms = (value) => (value === undefined ? "–" : strings.latency.ms(value < 10 ? value.toFixed(1) : Math.round(value)));
