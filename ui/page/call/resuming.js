/* Remembers the page's call: to resume it after a lost network, or to give the server what was said after a restart.

   The name of the call is stored only while the page is being left: a duplicated tab copies the storage, and would end
   the call of the original. */

import { takeFromFragment } from "./address.js";

const KEY = "omnilive.call";
let session = takeStored();
let token = null;
let received = 0; // messages of the call
let ticket = null; // in the server's queue
let taking = null; // the secret of a call of another page, which goes on here

/**
 * The fields of an offer that name the previous call: the server resumes it, or ends it so that its place is free.
 *
 * @param {{role: string, text: string}[]} said what a new call is to know, if the previous one cannot be resumed
 */
export function continuing(said) {
  if (taking) return { resume: taking, received: 0, take: true, ...(ticket ? { ticket } : {}) };
  return {
    ...(session ? { replaces: session } : {}),
    ...(token ? { resume: token, received, said } : {}),
    ...(ticket ? { ticket } : {}),
  };
}

/** Takes note of the server's answer to an offer. */
export function remember({ session: name, resume, resumed, first }) {
  session = name;
  token = resume ?? null;
  ticket = taking = null;
  if (first !== undefined || !resumed) received = first ?? 0;
}

/** The name and the secret of the call, for requests about it. */
export const callSecrets = () => ({ session, token });

/** Takes note of the place in the queue that a refusal gave. */
export function rememberPlace(queue) {
  ticket = queue?.ticket ?? null;
}

/** A message of the call has arrived. */
export function count() {
  received += 1;
}

/** The call has ended, or goes on at another page: nothing is to be ended when the next one begins. */
export function leave() {
  session = null;
  forget();
}

/** Takes the secret of a call from the address (`#call=`), removes it there, and goes on with that call. */
export function takeCallFromAddress() {
  const found = takeFromFragment("call");
  if (found) taking = found;
  return found !== "";
}

/** The next call is a new conversation. */
export function forget() {
  token = null;
  received = 0;
}

function takeStored() {
  try {
    const stored = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return stored;
  } catch {
    return null; // storage is disabled; the server ends the previous call within 15 s
  }
}

addEventListener("pagehide", () => {
  try {
    if (session) sessionStorage.setItem(KEY, session);
  } catch {
    // As above.
  }
});
