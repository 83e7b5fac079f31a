/* Which camera, microphone and speaker: three lists that follow what is plugged in. Opens no device itself. */

import { choose, settings } from "./settings.js";

const KINDS = { videoinput: "camera", audioinput: "microphone", audiooutput: "speaker" };
const NOTHING = { camera: "No camera found", microphone: "No microphone found", speaker: "System default" };

export class Pickers extends EventTarget {
  #devices = [];

  /**
   * Event `pick` (detail: {kind, deviceId}) when the person chooses.
   * @param selects {camera, microphone, speaker}  @param voice the audio element that plays the answer
   */
  constructor(selects, voice) {
    super();
    Object.assign(this, { selects, voice });
    for (const [kind, select] of Object.entries(selects)) {
      select.addEventListener("change", () => this.#pick(kind, select.value));
    }
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.refresh());
  }

  async refresh() {
    const before = this.#devices;
    this.#devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    for (const [kind, select] of Object.entries(this.selects)) this.#fill(kind, select);
    await this.#keepSpeaker();
    this.dispatchEvent(new CustomEvent("devices", { detail: { appeared: fresh(before, this.#devices) } }));
  }

  count(kind) {
    return this.#of(kind).length;
  }

  #of(kind) {
    return this.#devices.filter((device) => KINDS[device.kind] === kind);
  }

  #fill(kind, select) {
    // Before permission the browser tells neither names nor ids: there is nothing to choose from yet.
    const named = this.#of(kind).filter(({ deviceId, label }) => deviceId && label);
    const able = kind !== "speaker" || "setSinkId" in this.voice;
    const first = this.#of(kind).length === 0 ? NOTHING[kind] : "System default";
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

  /** The chosen speaker where it is there, the system's otherwise. */
  async #keepSpeaker() {
    if (!this.voice.setSinkId) return;
    const wanted = this.selects.speaker.value;
    if (this.voice.sinkId !== wanted) await this.voice.setSinkId(wanted).catch(() => this.voice.setSinkId(""));
  }
}

/** Devices that were not there before; none while the browser has told us no names yet. */
function fresh(before, now) {
  if (!before.some(({ label }) => label)) return [];
  const known = new Set(before.map(({ kind, deviceId }) => kind + deviceId));
  return now
    .filter(({ kind, deviceId, label }) => label && deviceId !== "default" && !known.has(kind + deviceId))
    .map(({ kind, deviceId, label }) => ({ kind: KINDS[kind], deviceId, label }));
}
