/* Keeps the user's choices in this browser: devices, hands-free, overlay. Works without storage. */

const KEY = "omnilive.settings";

const DEFAULTS = {
  camera: "", // device ids; "" is the system's default
  microphone: "",
  speaker: "",
  language: "auto", // of the call, as the server knows it
  voices: {}, // the chosen voice of each language
  pageLanguage: "", // a code of strings/language.js; "" follows the browser
  handsFree: true,
  overlay: true,
  announce: true, // screen readers announce captions
  detail: false, // every picture at full detail, for a model that sees
  acknowledge: true, // a short phrase ends the silence before a late answer
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
