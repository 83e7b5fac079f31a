/* The access token: comes in the address after `#token=`, is kept for this tab and taken out of the address bar. */

const KEY = "omnilive.token";
let token = null;

/** Takes a token out of the address, if there is one. True if it did. */
export function takeTokenFromAddress() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!found) return false;
  token = found;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Storage is forbidden: the token lives until the page is reloaded.
  }
  return true;
}

/** The headers that every request but the page itself carries. */
export function authorization() {
  return currentToken() ? { Authorization: `Bearer ${currentToken()}` } : {};
}

function currentToken() {
  if (token) return token;
  try {
    token = sessionStorage.getItem(KEY);
  } catch {
    token = null;
  }
  return token;
}
