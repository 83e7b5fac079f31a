/* The call that this page had before and that the server may still hold: after a lost network, or a reload.

   Written down only while the page goes away. Kept all the time, a duplicated tab would inherit it and end the call
   of its twin. */

const KEY = "omnilive.ghost";
let session = takeLeftOver();

/** What to add to an offer, so that nobody is told "busy" because of their own ghost. */
export function replacing() {
  return session ? { replaces: session } : {};
}

export function remember(newest) {
  session = newest;
}

function takeLeftOver() {
  try {
    const left = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return left;
  } catch {
    return null; // storage is forbidden: a ghost is gone within 15 seconds
  }
}

addEventListener("pagehide", () => {
  try {
    if (session) sessionStorage.setItem(KEY, session);
  } catch {
    // As above.
  }
});
