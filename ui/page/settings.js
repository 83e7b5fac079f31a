/* What the person chose last time: devices, hands-free, overlay. Kept in this browser only; works without storage. */

const KEY = "omnilive.settings";

const DEFAULTS = {
  camera: "", // device ids; "" is the system's default
  microphone: "",
  speaker: "",
  handsFree: true,
  overlay: true,
  announce: true, // captions are read to screen readers
  shortcuts: true, // single keys (M, C, Space) do something
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
    // Storage is forbidden or full: the choice lasts as long as the page.
  }
}
