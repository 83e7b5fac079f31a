/* Shows where sound and pictures of the user go, and whether calls are remembered, before the call starts. */

import { withToken } from "../call/token.js";
import { inLanguage, say, strings } from "../strings/language.js";

const SENT = new Set(["words", "pictures", "sound", "sound_with_pictures", "questions", "questions_with_pictures"]);
const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Writes into `node` what the assistant does, and where the server reports its setup, what becomes of it. Shows the link
 * to the memory page where calls are remembered. Returns what the server reports.
 * @param {HTMLElement} node
 * @param {HTMLAnchorElement} memory
 */
export async function showPrivacy(node, memory) {
  let health = null;
  const draw = () => node.replaceChildren(...sentences(health));
  inLanguage(draw);
  health = await fetch("/healthz")
    .then((response) => response.json())
    .catch(() => null);
  draw();
  if (!health?.remembers) return health;
  memory.href = withToken("/memory");
  memory.hidden = false;
  return health;
}

function sentences(health) {
  if (!health?.setup) return [strings.page.welcome];
  const privacy = document.createElement("strong");
  privacy.textContent = privacySentence(health.sends, location.hostname);
  const shown = [strings.page.welcome, " ", privacy];
  if (!health.remembers) return shown;
  const link = say(document.createElement("a"), "memory");
  Object.assign(link, { href: withToken("/memory"), target: "_blank", rel: "noopener" });
  return [...shown, ` ${strings.privacy.remembered} `, link, strings.record.end];
}

/** @param {string | undefined} sends what goes to another server, as /healthz reports it */
export function privacySentence(sends, host) {
  const words = strings.privacy;
  if (sends) return SENT.has(sends) ? words[sends] : words.elsewhere;
  return LOCAL.has(host) ? words.local : words.goesTo(host);
}
