/* Remembers the page's previous call, which the server may still hold after a lost network or a reload.

   It is stored only while the page is being left: a duplicated tab copies the storage, and would end the call of the
   original. */

const KEY = "omnilive.ghost";
let session = takeStored();

/** The field of an offer that ends the previous call, so that it does not make the server answer "busy". */
export function replacing() {
  return session ? { replaces: session } : {};
}

export function remember(newest) {
  session = newest;
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
