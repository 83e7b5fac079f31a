/* Shows while a question is with the larger model: where it is, and whether a picture went along. */

/** @param {HTMLElement} node */
export function showDelegation(node, { pending, server = "", picture = false }) {
  node.hidden = !pending;
  node.textContent = pending ? sentence(server, picture) : "";
}

export const sentence = (server, picture) => `Asking the larger model at ${server}${picture ? ", with the camera's picture" : ""} …`;
