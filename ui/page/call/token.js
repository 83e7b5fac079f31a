/* Takes the access token from the address (`#token=`), removes it there and keeps it for this tab. */

import { takeFromFragment } from "./address.js";

const KEY = "omnilive.token";
let token = null;

/** Takes a token from the address. True if there was one. */
export function takeTokenFromAddress() {
  const found = takeFromFragment("token");
  if (!found) return false;
  token = found;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // Storage is disabled: the token is kept until the page is reloaded.
  }
  return true;
}

/** The headers of every request except those for the page itself. */
export function authorization() {
  return currentToken() ? { Authorization: `Bearer ${currentToken()}` } : {};
}

/** The address of another page of this server, for a new tab, which does not have this tab's token. */
export function withToken(path) {
  return currentToken() ? `${path}#token=${currentToken()}` : path;
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
