/* Shows where sound and pictures of the user go, and whether calls are remembered, before the call starts. */

import { withToken } from "../call/token.js";

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
const REMEMBERED = "What is said and seen is remembered after the call, in a file there:";

/**
 * Adds sentences to `node`; none where the server does not report its setup. Shows the link to the memory page where
 * calls are remembered. Returns what the server reports.
 * @param {HTMLElement} node
 * @param {HTMLAnchorElement} memory
 */
export async function showPrivacy(node, memory) {
  const health = await fetch("/healthz")
    .then((response) => response.json())
    .catch(() => null);
  if (!health?.setup) return health;
  const sentence = document.createElement("strong");
  sentence.textContent = privacySentence(health.sends, location.hostname);
  node.append(" ", sentence);
  if (!health.remembers) return health;
  memory.href = withToken("/memory");
  memory.hidden = false;
  const link = document.createElement("a");
  Object.assign(link, { href: memory.href, target: "_blank", rel: "noopener", textContent: "Memory" });
  node.append(` ${REMEMBERED} `, link, ".");
  return health;
}

const SENT = {
  words: "Your words are sent to another server, which runs the language model; sound and pictures are not.",
  pictures: "Your words and pictures of the camera are sent to another server, which runs the language model; sound is not.",
  questions: "What you ask the larger model for is sent to another server, with the turns before it; everything else stays here.",
  questions_with_pictures:
    "What you ask the larger model for is sent to another server, with the turns before it and the camera's picture; everything else stays here.",
};

/** @param {string | undefined} sends what goes to another server, as /healthz reports it */
export function privacySentence(sends, host) {
  if (sends) return SENT[sends] ?? "What you say is sent to another server.";
  if (LOCAL.has(host)) return "Nothing that you say or show leaves this machine.";
  return `What you say and show goes to ${host} and no further.`;
}
