/* Shows where sound and pictures of the user go, before the call starts. */

const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Adds a sentence to `node`; none where the server does not report its setup. */
export async function showPrivacy(node) {
  const health = await fetch("/healthz")
    .then((response) => response.json())
    .catch(() => null);
  if (!health?.setup) return;
  const sentence = document.createElement("strong");
  sentence.textContent = privacySentence(health.setup, location.hostname);
  node.append(" ", sentence);
}

export function privacySentence(setup, host) {
  if (setup === "remote") return "Your words are sent to another server, which runs the language model; sound and pictures are not.";
  if (LOCAL.has(host)) return "Nothing that you say or show leaves this machine.";
  return `What you say and show goes to ${host} and no further.`;
}
