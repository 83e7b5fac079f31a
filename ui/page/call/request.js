/* Asks the server for a call over HTTP. */

import { callSecrets, leave, remember, rememberPlace } from "./resuming.js";
import { authorization } from "./token.js";

const PATH_MS = 4000;
const PAGE = String(Math.random()).slice(2); // distinguishes this page from others that go on with its call

/**
 * Why a call could not be made. `code` is the server's or one of: unsupported, unreachable, no_path, silent_server;
 * `queue` is {position, wait_s} of a caller that waits for a place.
 */
export class CallTrouble extends Error {
  constructor(code, { text = "", retryAfter = 0, queue = null } = {}) {
    super(text || code);
    this.code = code;
    this.text = text;
    this.retryAfter = retryAfter;
    this.queue = queue;
  }
}

/** The server's answer to an offer. Throws CallTrouble. */
export async function requestCall(offer, signal) {
  const response = await post("/call", { page: PAGE, ...offer }, signal);
  const body = await response.json().catch(() => ({}));
  if (response.ok) {
    remember(body);
    return body;
  }
  rememberPlace(body.queue);
  if (body.error?.code === "taken_over") leave();
  throw new CallTrouble(body.error?.code ?? `http_${response.status}`, {
    text: body.error?.message,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
    queue: body.queue ?? null,
  });
}

/** Gives the server candidates, or the offer of an ICE restart, of the present call. Returns its answer. Throws CallTrouble. */
export async function changePath(body) {
  const response = await post("/call/path", { resume: callSecrets().token, ...body }, AbortSignal.timeout(PATH_MS));
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new CallTrouble(answer.error?.code ?? `http_${response.status}`);
  return answer;
}

async function post(path, body, signal) {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization() },
      body: JSON.stringify(body),
      signal,
    });
  } catch (trouble) {
    if (signal.aborted) throw trouble;
    throw new CallTrouble("unreachable");
  }
}

/** The STUN and TURN servers that this server names: none, unless it was started with some.
 * @returns {Promise<RTCIceServer[]>} */
export async function iceServers(signal) {
  try {
    const response = await fetch("/ice", { headers: authorization(), signal });
    return response.ok ? (await response.json()).iceServers : [];
  } catch {
    signal.throwIfAborted();
    return []; // the offer shows whether the server can be reached
  }
}
