/* Controls the user's microphone and camera in the call: on or off, hands-free or push-to-talk. Handles devices that
   are refused, changed or lost. Draws nothing. */

import { canCapture, openScreen, openTogether, Source } from "./media.js";
import { choose, settings } from "../settings.js";

const TAIL_MS = 250; // the last syllable often comes while the key is already being released

/** Events: `change`, `trouble` (detail: [DeviceTrouble]), `lost` (detail: {kind, now: label of the substitute or ""}). */
export class LocalMedia extends EventTarget {
  wanted = { microphone: true, camera: true }; // for the next call
  on = { microphone: false, camera: false }; // in this one
  held = false;
  sharing = false; // the screen is shown in place of the camera
  #cameraWasOn = false; // before the screen
  #active = false;
  #send;
  #tail = 0;

  /** @param {(message: object) => void} send sends a message to the server, if a call is open */
  constructor(send) {
    super();
    this.#send = send;
    this.microphone = new Source("microphone");
    this.camera = new Source("camera");
    this.microphone.addEventListener("track", () => this.#gate()); // a new track starts muted if the microphone is muted
    for (const source of this.sources) {
      source.deviceId = settings[source.kind];
      source.addEventListener("lost", () => this.#replaceLost(source));
    }
  }

  get sources() {
    return [this.microphone, this.camera];
  }

  /** Whether a device of this kind is in use, or will be once the call starts. */
  isOn(kind) {
    return (this.#active ? this.on : this.wanted)[kind];
  }

  /** Opens the wanted devices; with `typing` none, so that the browser asks for no permission. */
  async start({ typing = false } = {}) {
    this.#active = true;
    this.on = typing ? { microphone: false, camera: false } : { ...this.wanted };
    this.#changed();
    const troubles = await openTogether(this.sources.filter(({ kind }) => this.on[kind]));
    if (!this.#active) return this.stop(); // stopped while the browser was still asking
    for (const source of this.sources) {
      if (!source.track) this.on[source.kind] = false;
      else if (!this.on[source.kind]) await this.#switch(source, false); // switched off while the browser was asking
    }
    if (troubles.length) this.#failed(troubles);
    this.#changed();
  }

  stop() {
    this.#active = false;
    this.held = this.sharing = false;
    for (const source of this.sources) source.release();
    this.#changed();
  }

  /** The tracks that a new connection starts with. */
  tracks() {
    return { microphone: this.microphone.track, camera: this.camera.track, canCapture: canCapture() };
  }

  /** Keeps the connection's senders on the devices in use. */
  attach({ senders, ended }) {
    const over = new AbortController();
    for (const source of this.sources) {
      const replace = () => senders[source.kind]?.replaceTrack(source.track).catch(() => {}); // closed meanwhile
      source.addEventListener("track", replace, { signal: over.signal });
    }
    ended.then(() => over.abort());
  }

  /** Reports the switches to the server; repeated at every change. */
  report() {
    const { microphone, camera } = this.on;
    this.#send({ type: "switch", microphone, camera, hands_free: settings.handsFree });
  }

  async set(kind, on) {
    this.wanted[kind] = on;
    if (this.#active) await this.#switch(this[kind], on);
    this.#changed();
  }

  async #switch(source, on) {
    if (on && !source.track) {
      try {
        await source.open();
      } catch (trouble) {
        return this.#failed([trouble]);
      }
      if (!this.#active || !this.wanted[source.kind]) return source.release(); // too late: not wanted any more
    }
    if (source.kind === "camera") this.sharing = false;
    // The camera is released, so that its light goes out; the microphone stays open and sends silence.
    if (!on && source.kind === "camera") source.release();
    this.on[source.kind] = on;
    this.report();
  }

  /**
   * Shows the screen in place of the camera, or the camera again, if it was on. Throws DeviceTrouble, of code refused
   * also where the user chose nothing.
   */
  async share(on) {
    if (!on) return this.#endSharing();
    const track = await openScreen();
    if (!this.#active) return track.stop();
    this.#cameraWasOn = this.sharing ? this.#cameraWasOn : this.on.camera;
    this.sharing = this.on.camera = true;
    this.camera.adopt(track);
    this.report();
    this.#changed();
  }

  async #endSharing() {
    this.sharing = false;
    this.camera.release();
    await this.#switch(this.camera, this.#cameraWasOn);
    this.#changed();
  }

  /** Switches to another device, or to the other camera of a phone; also during a call. */
  async use(kind, choice) {
    const source = this[kind];
    if (!this.#active || !source.track) return void Object.assign(source, choice);
    try {
      await source.open({ ...choice, exact: true });
    } catch (trouble) {
      this.#failed([trouble]);
      if (!source.track) await this.#switch(source, false);
    }
    this.#changed();
  }

  setHandsFree(handsFree) {
    choose({ handsFree });
    this.held = false;
    this.#changed();
    if (this.#active) this.report();
  }

  /** The talk key goes down or up. False where it has no effect: hands-free, muted or no call. */
  talk(down) {
    if (down === this.held) return true;
    if (down && (settings.handsFree || !this.on.microphone)) return false;
    this.held = down;
    this.#send({ type: "talk", down });
    this.#changed();
    return true;
  }

  #changed() {
    const { track } = this.microphone;
    clearTimeout(this.#tail);
    if (track?.enabled && this.on.microphone && !this.#isOpen()) this.#tail = setTimeout(() => this.#gate(), TAIL_MS);
    else this.#gate();
    this.dispatchEvent(new Event("change"));
  }

  #isOpen() {
    return this.on.microphone && (settings.handsFree || this.held);
  }

  #gate() {
    if (this.microphone.track) this.microphone.track.enabled = this.#isOpen();
  }

  #failed(troubles) {
    for (const { kind } of troubles) this.on[kind] = this[kind].track !== null;
    this.dispatchEvent(new CustomEvent("trouble", { detail: troubles }));
  }

  async #replaceLost(source) {
    const { kind } = source;
    if (kind === "camera" && this.sharing) return this.#endSharing(); // by the browser's own button
    this.#send({ type: "device_lost", device: kind, reason: "unplugged, or its permission was withdrawn" });
    await source.open({ deviceId: "" }).catch(() => {});
    this.on[kind] = source.track !== null;
    if (source.track) this.report();
    this.dispatchEvent(new CustomEvent("lost", { detail: { kind, now: source.label } }));
    this.#changed();
  }
}
