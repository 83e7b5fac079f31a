/* The page's own texts. Messages of the server bring their own. */

export const STATES = {
  idle: "Ready when you are",
  connecting: "Connecting…",
  listening: "Listening",
  hearing: "Hearing you",
  thinking: "Thinking",
  speaking: "Speaking",
  reconnecting: "Reconnecting…",
  error: "Not connected",
  busy: "All call slots are in use",
  stopped: "The call has ended",
};

/** Announced to screen readers. "Thinking" and "speaking" are left out: they would talk over the answer. */
export const ANNOUNCED = {
  connecting: "Connecting.",
  live: "Connected. Listening.",
  reconnecting: "The connection was lost. Reconnecting.",
  error: "Not connected.",
  busy: "All call slots are in use. Trying again soon.",
  stopped: "The call has ended.",
  idle: "Call stopped.",
};

const WITHOUT = {
  microphone: "Until then you can type, and the answer is still spoken.",
  camera: "Until then it hears you but sees nothing.",
};

/**
 * @param {string} code of a DeviceTrouble
 * @param {string[]} kinds the devices concerned: microphone, camera or both
 */
export function aboutDevice(code, kinds) {
  const name = kinds.join(" and the ");
  const without = WITHOUT[kinds[0]];
  switch (code) {
    case "insecure":
      return (
        "Browsers give out the camera and the microphone only on secure pages. Open this page by its https:// " +
        "address, or on the machine itself as http://localhost. You can already type, and the answer is spoken."
      );
    case "unsupported":
      return "This browser has no access to the camera and the microphone. You can type, and the answer is spoken.";
    case "refused":
      return (
        `The browser was not allowed to use the ${name}. Allow it by the sign beside the page's address, and in the ` +
        `system's privacy settings, then try again. ${without}`
      );
    case "missing":
      return `No ${kinds.join(" and no ")} was found. Plug one in, then try again. ${without}`;
    case "taken":
      return `The ${name} is in use by another program. Close that one, then try again. ${without}`;
    default:
      return `The ${name} could not be opened. Choose another one in the settings. ${without}`;
  }
}

/** @param {{code: string, text?: string, retryAfter?: number, queue?: any}} trouble a CallTrouble */
export function aboutCall({ code, text, retryAfter, queue }) {
  switch (code) {
    case "unsupported":
      return "This browser cannot make calls. Please use a current Firefox, Chrome, Edge or Safari.";
    case "unreachable":
      return `The server at ${location.host} does not answer. Check that omnilive is running there, then try again.`;
    case "token":
      return "This server asks for its access token. Open the whole address that it printed at start, with #token= and everything after it.";
    case "busy":
      return queue ? aboutQueue(queue) : `All call slots are in use. The page tries again in about ${Math.ceil(retryAfter)} seconds.`;
    case "starting":
      return "The server is still loading its models. The call begins as soon as they are ready.";
    case "stopping":
      return "The server is shutting down. Start it again, then press Start.";
    case "no_path":
      return "The server answers, but sound and pictures cannot reach it: a firewall or VPN may block UDP. Try again, or use the same network.";
    case "silent_server":
      return "The server accepted the call but sent no greeting. Try again; if that fails too, look at the server's log.";
    default:
      return text || `The call could not be made (${code}). Try again.`;
  }
}

/** @param {{position: number, wait_s: number | null}} queue */
export function aboutQueue({ position, wait_s: wait }) {
  const estimate =
    wait === null
      ? "How long it takes is not known: no call has ended yet."
      : `By the length of the last calls, it takes about ${spanInWords(wait)}.`;
  return `All call slots are in use. You are number ${position} in the queue. ${estimate}`;
}

function spanInWords(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds / 10)) * 10} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}

export function aboutEnd(reason) {
  return reason
    ? `The server has ended the call: ${reason}. Press Start to call again.`
    : "The server has ended the call. Press Start to call again.";
}

export const lost = (kind, now) =>
  now
    ? `The ${kind} in use was unplugged. Going on with “${now}”.`
    : `The ${kind} was unplugged. Plug it in again, then switch it on. ${WITHOUT[kind]}`;

export const tooLong = (limit) => `That message is too long: please keep it under ${limit.toLocaleString("en")} characters.`;
export const WAITING = "The message will be sent once the call is connected.";
export const AUTOPLAY = "The browser does not play the voice until you allow it.";
export const ASKING = "Your browser asks whether this page may use the microphone and the camera. Choose Allow to be heard and seen.";
export const MUTED = "The microphone is off. Unmute it, then hold to talk.";
export const NO_CALL = "Press Start first, then talk.";
export const JUST_SPEAK = "Hands-free is on: just speak. Switch it off to talk only while you hold Space.";
export const NEW_CALL = "New call";
export const RESUMED = "Reconnected – the conversation goes on";
export const RESTORED = "The server was restarted – the conversation goes on, without its timers";
export const newDevice = (kind, label) => `“${label}” is now connected. Use it as ${kind}?`;

/** The time of an event that an answer recalls: "Recalled from 0:42". Earlier calls have negative times. */
export function aboutRecall({ recalled }) {
  return recalled === null ? "" : `Recalled from ${timeOfRecall(recalled)}`;
}

export const timeOfRecall = (seconds) => (seconds < 0 ? "an earlier call" : timeInCall(seconds));

/** Seconds of the call as a clock shows them: 0:42, 39:07, 1:02:05. */
export function timeInCall(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}
