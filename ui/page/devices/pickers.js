/* Fills the lists of cameras, microphones and speakers, and follows devices that are plugged in. Opens no device. */

import { choose, settings } from "../settings.js";
import { inLanguage, strings } from "../strings/language.js";

const KINDS = { videoinput: "camera", audioinput: "microphone", audiooutput: "speaker" };

export class Pickers extends EventTarget {
  #devices = [];

  /**
   * Event `pick` (detail: {kind, deviceId}) when the user chooses a device.
   * @param {{camera: HTMLSelectElement, microphone: HTMLSelectElement, speaker: HTMLSelectElement}} selects
   * @param {HTMLAudioElement} voice plays the answer
   */
  constructor(selects, voice) {
    super();
    this.selects = selects;
    this.voice = voice;
    for (const [kind, select] of Object.entries(selects)) {
      select.addEventListener("change", () => this.#pick(kind, select.value));
    }
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.refresh());
    inLanguage(() => this.refresh());
  }

  async refresh() {
    const before = this.#devices;
    this.#devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    for (const [kind, select] of Object.entries(this.selects)) this.#fill(kind, select);
    await this.#keepSpeaker();
    this.dispatchEvent(new CustomEvent("devices", { detail: { appeared: newDevices(before, this.#devices) } }));
  }

  count(kind) {
    return this.#of(kind).length;
  }

  #of(kind) {
    return this.#devices.filter((device) => KINDS[device.kind] === kind);
  }

  #fill(kind, select) {
    // Before permission the browser gives neither names nor ids, so there is nothing to choose from.
    const named = this.#of(kind).filter(({ deviceId, label }) => deviceId && label);
    const able = kind !== "speaker" || "setSinkId" in this.voice;
    const first = this.#of(kind).length === 0 ? strings.devices.noneFound[kind] : strings.devices.systemDefault;
    const options = [new Option(first, "")];
    if (able) options.push(...named.filter(({ deviceId }) => deviceId !== "default").map((one) => new Option(one.label, one.deviceId)));
    select.replaceChildren(...options);
    select.disabled = options.length < 2;
    select.value = named.some(({ deviceId }) => deviceId === settings[kind]) ? settings[kind] : "";
  }

  #pick(kind, deviceId) {
    choose({ [kind]: deviceId });
    if (kind === "speaker") this.#keepSpeaker();
    else this.dispatchEvent(new CustomEvent("pick", { detail: { kind, deviceId } }));
  }

  /** Plays through the chosen speaker if it is connected, else through the system's default. */
  async #keepSpeaker() {
    if (!this.voice.setSinkId) return;
    const wanted = this.selects.speaker.value;
    if (this.voice.sinkId !== wanted) await this.voice.setSinkId(wanted).catch(() => this.voice.setSinkId(""));
  }
}

/** Devices that are new in `now`; none before the browser gives names. */
export function newDevices(before, now) {
  if (!before.some(({ label }) => label)) return [];
  const known = new Set(before.map(({ kind, deviceId }) => kind + deviceId));
  return now
    .filter(({ kind, deviceId, label }) => label && deviceId !== "default" && !known.has(kind + deviceId))
    .map(({ kind, deviceId, label }) => ({ kind: KINDS[kind], deviceId, label }));
}
