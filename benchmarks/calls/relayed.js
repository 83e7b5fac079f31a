/* Leads every packet of the page's calls through a relay: the server's addresses become ports of the relay, and the server
   gets none of the browser's. Keeps when sound was received last. */

const paths = new Set(); // of the page's calls, by the server's user names
window.pathCount = () => paths.size;

const setRemote = RTCPeerConnection.prototype.setRemoteDescription;

RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
  const lines = [];
  for (const line of description.sdp.split("\r\n")) {
    const parts = line.split(" ");
    if (line.startsWith("a=ice-ufrag:")) paths.add(line);
    if (line.startsWith("a=candidate:")) {
      if (parts[2].toLowerCase() !== "udp" || parts[4].includes(":")) continue;
      parts[5] = String(await window.relayFor(parts[4], Number(parts[5])));
      parts[4] = "127.0.0.1";
    }
    lines.push(parts.join(" "));
  }
  return setRemote.call(this, { type: description.type, sdp: lines.join("\r\n") });
};

const plainFetch = window.fetch;
window.networkIsDark = false; // then requests hang, as packets of TCP that are repeated

window.fetch = async (resource, options) => {
  while (window.networkIsDark) {
    options?.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (!options?.body || !/\/call(\/path)?$/.test(String(resource))) return plainFetch(resource, options);
  const body = JSON.parse(options.body);
  if (body.sdp) body.sdp = body.sdp.split("\r\n").filter((line) => !line.startsWith("a=candidate:")).join("\r\n");
  if (body.candidates) body.candidates = [];
  return plainFetch(resource, { ...options, body: JSON.stringify(body) });
};

/** The sound statistics of the present call. */
window.soundReport = async () => {
  const { sound } = (await window.omnilive.statistics()) ?? {};
  if (!sound) return null;
  return {
    delay: sound.jitterBufferDelay,
    emitted: sound.jitterBufferEmittedCount,
    received: sound.packetsReceived,
    at: performance.now(),
  };
};
