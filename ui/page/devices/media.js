/* Opens and closes the user's microphone and camera, and reports lost devices. */

const WANTED = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 12, max: 15 } },
};
const CONSTRAINT = { microphone: "audio", camera: "video" };

/** Why a device could not be opened. `code`: insecure, unsupported, refused, missing, taken, failed. */
export class DeviceTrouble extends Error {
  constructor(kind, code, cause) {
    super(`${kind}: ${code}`, { cause });
    this.kind = kind;
    this.code = code;
  }
}

// Text stays readable at this size, and the server looks at fewer pictures than this.
const SCREEN = { video: { width: { max: 1920 }, height: { max: 1200 }, frameRate: { max: 8 } }, audio: false };

export const canShareScreen = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** The user's choice of a screen, a window or a tab, as a track. Throws DeviceTrouble. */
export async function openScreen() {
  try {
    return (await navigator.mediaDevices.getDisplayMedia(SCREEN)).getVideoTracks()[0];
  } catch (trouble) {
    throw new DeviceTrouble("camera", TROUBLES[trouble.name] ?? "failed", trouble);
  }
}

export const canCapture = () => Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * One kind of device. Events: `track` (its track has changed or ended), `lost` (the device has disappeared).
 * A camera that is off is released, so that its light goes out; a muted microphone stays open and sends silence.
 */
export class Source extends EventTarget {
  track = null;
  deviceId = ""; // the requested one; "" is the system's default
  facing = ""; // "user" or "environment", on phones

  constructor(kind) {
    super();
    this.kind = kind;
  }

  /** Opens the device, or another of its kind unless `exact`. Throws DeviceTrouble; a microphone in use is kept then. */
  async open({ deviceId = this.deviceId, facing = this.facing, exact = false } = {}) {
    const constraints = { ...WANTED[this.kind] };
    if (deviceId) constraints.deviceId = exact ? { exact: deviceId } : deviceId;
    else if (facing) constraints.facingMode = facing;
    if (this.kind === "camera") this.release(); // many phones open only one camera at a time
    const stream = await capture({ [CONSTRAINT[this.kind]]: constraints }, this.kind);
    Object.assign(this, { deviceId, facing });
    this.adopt(stream.getTracks()[0]);
  }

  adopt(track) {
    this.release();
    this.track = track;
    if (this.kind === "camera" && "contentHint" in track) track.contentHint = "detail"; // keeps text readable
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
 * Opens several devices with one permission dialog. Where that fails, opens each alone, so that one refused or missing
 * device does not cost the other. Returns the troubles.
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
      troubles.push(new DeviceTrouble(source.kind, "refused", joint)); // refused once, so the browser is not asked again
    } else {
      await source.open().catch((trouble) => troubles.push(trouble));
    }
  }
  return troubles;
}

async function openAtOnce(sources) {
  const constraints = sources.map(({ kind, deviceId }) => [CONSTRAINT[kind], { ...WANTED[kind], ...(deviceId && { deviceId }) }]);
  const stream = await capture(Object.fromEntries(constraints), sources[0].kind);
  for (const source of sources) {
    source.adopt(stream.getTracks().find((track) => track.kind === CONSTRAINT[source.kind]));
  }
}

/** False where the browser cannot say. */
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
