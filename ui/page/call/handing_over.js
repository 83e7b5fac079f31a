/* Hands the call over to another tab or device, by a link that holds its secret. */

import { callSecrets } from "./resuming.js";
import { withToken } from "./token.js";

/** A link that continues the call where it is opened; null without a call. */
export function linkToCall() {
  const token = callSecrets().token;
  if (!token) return null;
  const address = new URL(withToken("/"), location.href);
  const fragment = new URLSearchParams(address.hash.slice(1));
  fragment.set("call", token);
  address.hash = fragment.toString();
  return address.href;
}

/** Passes the link on by the system's dialog, or to the clipboard. False where there is neither. */
export async function handOver(link) {
  const touch = matchMedia("(pointer: coarse)").matches;
  try {
    if (touch && navigator.share) await navigator.share({ url: link });
    else await navigator.clipboard.writeText(link);
    return true;
  } catch {
    return false;
  }
}
