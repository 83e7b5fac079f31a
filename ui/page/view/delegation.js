/* Shows while a question is with the larger model: where it is, and whether a picture went along. */

import { strings } from "../strings/language.js";

/** @param {HTMLElement} node */
export function showDelegation(node, { pending, server = "", picture = false }) {
  node.hidden = !pending;
  node.textContent = pending ? strings.delegation(server, picture) : "";
}
