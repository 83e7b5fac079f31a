/* Where what the person says and shows will go, told before the first word. The server knows; the page only asks. */

const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Adds a sentence to `node`; none where the server does not say. */
export async function tellPrivacy(node) {
  const health = await fetch("/healthz")
    .then((response) => response.json())
    .catch(() => null);
  if (!health?.setup) return;
  const sentence = document.createElement("strong");
  sentence.textContent = whither(health.setup);
  node.append(" ", sentence);
}

function whither(setup) {
  if (setup === "remote") return "Here the words go on to another server, which thinks; sound and pictures do not.";
  if (HERE.has(location.hostname)) return "Nothing that you say or show leaves this machine.";
  return `What you say and show goes to ${location.hostname} and no further.`;
}
