/* Sentences of the page that are chosen by a code or a figure, in the language of the page. */

import { number, strings } from "./language.js";

/**
 * @param {string} code of a DeviceTrouble
 * @param {string[]} kinds the devices concerned: microphone, camera or both
 */
export function aboutDevice(code, kinds) {
  const { devices } = strings;
  const words = Object.hasOwn(devices, code) ? devices[code] : devices.failed;
  return typeof words === "string" ? words : words(kinds);
}

const OF_CALL = new Set(["unsupported", "token", "starting", "stopping", "no_path", "silent_server", "taken_over"]);

/** @param {{code: string, text?: string, retryAfter?: number, queue?: any}} trouble a CallTrouble */
export function aboutCall({ code, text, retryAfter, queue }) {
  const { call } = strings;
  if (OF_CALL.has(code)) return call[code];
  if (code === "unreachable") return call.unreachable(location.host);
  if (code === "busy") return queue ? aboutQueue(queue) : call.busy(number(Math.ceil(retryAfter)));
  return text || call.failed(code);
}

/** @param {{position: number, wait_s: number | null}} queue */
function aboutQueue({ position, wait_s: wait }) {
  return strings.call.queue(number(position), aboutWait(wait));
}

function aboutWait(seconds) {
  const { call } = strings;
  if (seconds === null) return call.unknownWait;
  if (seconds < 90) return call.waitSeconds(number(Math.max(1, Math.round(seconds / 10)) * 10));
  return call.waitMinutes(number(Math.round(seconds / 60)));
}

export const aboutEnd = (reason) => (reason ? strings.call.endedBecause(reason) : strings.call.ended);

/** A notice of the server: its own words, or those of the page's language for its code. */
export const aboutNotice = ({ code, text, detail = {} }) => ofServer(strings.notices[code], detail) ?? text;

/** Why the assistant waited, answered or stopped. */
export const aboutReason = ({ kind, text }) => strings.reasons[kind] ?? text;

const ofServer = (words, detail) => (typeof words === "function" ? words(detail) : words);

/** The time of an event that an answer recalls: "Recalled from 0:42". Earlier calls have negative times. */
export function aboutRecall({ recalled }) {
  return recalled === null ? "" : strings.recalled(timeOfRecall(recalled));
}

export const timeOfRecall = (seconds) => (seconds < 0 ? strings.earlierCall : timeInCall(seconds));

/** Seconds of the call as a clock shows them: 0:42, 39:07, 1:02:05. */
export function timeInCall(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}
