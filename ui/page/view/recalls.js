/* Lists the answers that recall an earlier event of the call, with the time of the event. */

import { timeOfRecall } from "../strings/sentences.js";

const SHOWN = 6; // newest first

/**
 * @param {HTMLElement} node the list and its heading, hidden while there is nothing to show
 * @param {any[]} turns
 */
export function showRecalls(node, turns) {
  const recalled = turns.filter(({ reply }) => reply && reply.recalled !== null);
  node.hidden = recalled.length === 0;
  node.querySelector("b").textContent = String(recalled.length);
  node.querySelector("ul").replaceChildren(...recalled.slice(-SHOWN).reverse().map(entry));
}

function entry({ user, reply }) {
  const item = document.createElement("li");
  const when = document.createElement("time");
  when.textContent = timeOfRecall(reply.recalled);
  when.dateTime = `PT${Math.max(0, Math.floor(reply.recalled))}S`;
  item.append(when, " ", user?.text || reply.text);
  return item;
}
