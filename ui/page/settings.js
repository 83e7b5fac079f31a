/* Keeps the user's choices in this browser: devices, hands-free, overlay. Works without storage. */

const KEY = "omnilive.settings";

const DEFAULTS = {
  camera: "", // device ids; "" is the system's default
  microphone: "",
  speaker: "",
  handsFree: true,
  overlay: true,
  announce: true, // screen readers announce captions
  shortcuts: true, // single keys (M, C, Space) are active
};

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export const settings = { ...DEFAULTS, ...load() };

export function choose(changes) {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is disabled or full: the choice lasts until the page is closed.
  }
}
