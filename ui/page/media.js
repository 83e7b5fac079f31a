/* The person's own microphone and camera: opening, closing, losing. Knows neither the call nor the screen. */

const WANTED = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  camera: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 12, max: 15 } },
};
const CONSTRAINT = { microphone: "audio", camera: "video" };

/** Why a device is not there. `code`: insecure, unsupported, refused, missing, taken, failed. */
export class DeviceTrouble extends Error {
  constructor(kind, code, cause) {
    super(`${kind}: ${code}`, { cause });
    Object.assign(this, { kind, code });
  }
}

export const canCapture = () => Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * One kind of device. Events: `track` (its track is another one, or none), `lost` (it went away by itself).
 * A camera that is off is released, so that its light goes out; a muted microphone stays open and sends silence.
 */
export class Source extends EventTarget {
  track = null;
  deviceId = ""; // the one asked for; "" is the system's default
  facing = ""; // "user" or "environment", on phones

  constructor(kind) {
    super();
    this.kind = kind;
  }

  /** Opens the device, or the next best of its kind unless `exact`. Throws DeviceTrouble; a microphone is kept then. */
  async open({ deviceId = this.deviceId, facing = this.facing, exact = false } = {}) {
    const wish = { ...WANTED[this.kind] };
    if (deviceId) wish.deviceId = exact ? { exact: deviceId } : deviceId;
    else if (facing) wish.facingMode = facing;
    if (this.kind === "camera") this.release(); // many phones open one camera at a time only
    const stream = await capture({ [CONSTRAINT[this.kind]]: wish }, this.kind);
    Object.assign(this, { deviceId, facing });
    this.adopt(stream.getTracks()[0]);
  }

  adopt(track) {
    this.release();
    this.track = track;
    if (this.kind === "camera" && "contentHint" in track) track.contentHint = "detail"; // signs are to be read
    track.addEventListener("ended", () => {
      if (this.track !== track) return;
      this.release();
      this.dispatchEvent(new Event("lost"));
    });
    this.dispatchEvent(new Event("track"));
  }

  release() {
    if (!this.track) return;
    this.track.stop();
    this.track = null;
    this.dispatchEvent(new Event("track"));
  }

  get label() {
    return this.track?.label ?? "";
  }
}

/**
 * Opens several with one question to the person; where that fails, each by itself, since one refused or missing
 * device must not cost the other. Returns the troubles met.
 */
export async function openTogether(sources) {
  let joint = null;
  if (sources.length > 1) {
    joint = await openAtOnce(sources).catch((trouble) => trouble);
    if (!joint) return [];
    if (joint.code === "insecure" || joint.code === "unsupported") return [joint];
  }
  const troubles = [];
  for (const source of sources) {
    if (joint?.code === "refused" && (await isNotGranted(source.kind))) {
      troubles.push(new DeviceTrouble(source.kind, "refused", joint)); // once refused, not asked a second time
    } else {
      await source.open().catch((trouble) => troubles.push(trouble));
    }
  }
  return troubles;
}

async function openAtOnce(sources) {
  const wishes = sources.map(({ kind, deviceId }) => [CONSTRAINT[kind], { ...WANTED[kind], ...(deviceId && { deviceId }) }]);
  const stream = await capture(Object.fromEntries(wishes), sources[0].kind);
  for (const source of sources) {
    source.adopt(stream.getTracks().find((track) => track.kind === CONSTRAINT[source.kind]));
  }
}

/** False where the browser does not tell: then asking is the only way to know. */
async function isNotGranted(kind) {
  try {
    return (await navigator.permissions.query({ name: kind })).state !== "granted";
  } catch {
    return false;
  }
}

async function capture(constraints, kind) {
  if (!canCapture()) throw new DeviceTrouble(kind, isSecureContext ? "unsupported" : "insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (trouble) {
    throw new DeviceTrouble(kind, TROUBLES[trouble.name] ?? "failed", trouble);
  }
}

const TROUBLES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "taken",
  AbortError: "taken",
};
