/* Leads every packet of a page's calls through a relay: the server's addresses become ports of the relay, and the server
   gets none of the browser's. Works for any page, because it replaces the browser's own RTCPeerConnection. */

const Plain = window.RTCPeerConnection;
const CANDIDATE = /^(a=)?candidate:/;
const paths = new Set(); // of the page's calls, by the server's user names
let newest = null;
window.pathCount = () => paths.size;
window.newestConnection = () => newest;

/** The candidate of a server with the relay's address in place of its own; null for one that has no relay. */
async function throughRelay(line) {
  const parts = line.split(" ");
  if (parts[2].toLowerCase() !== "udp" || parts[4].includes(":")) return null;
  parts[5] = String(await window.relayFor(parts[4], Number(parts[5])));
  parts[4] = "127.0.0.1";
  return parts.join(" ");
}

function withoutCandidates(description) {
  if (!description) return description;
  const sdp = description.sdp.split("\r\n").filter((line) => !CANDIDATE.test(line)).join("\r\n");
  return new RTCSessionDescription({ type: description.type, sdp });
}

window.RTCPeerConnection = class extends Plain {
  constructor(...settings) {
    super(...settings);
    newest = this;
    this.addEventListener("icecandidate", (event) => event.candidate?.candidate && event.stopImmediatePropagation());
  }

  get localDescription() {
    return withoutCandidates(super.localDescription);
  }

  async setRemoteDescription(description) {
    const lines = [];
    for (const line of description.sdp.split("\r\n")) {
      if (line.startsWith("a=ice-ufrag:")) paths.add(line);
      const relayed = CANDIDATE.test(line) ? await throughRelay(line) : line;
      if (relayed !== null) lines.push(relayed);
    }
    return super.setRemoteDescription({ type: description.type, sdp: lines.join("\r\n") });
  }

  async addIceCandidate(given) {
    if (!given?.candidate) return super.addIceCandidate(given);
    const candidate = await throughRelay(given.candidate);
    if (candidate === null) return undefined;
    const { sdpMid, sdpMLineIndex, usernameFragment } = given;
    return super.addIceCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment });
  }
};

const plainFetch = window.fetch;
window.networkIsDark = false; // then requests hang, as packets of TCP that are repeated

window.fetch = async (resource, options) => {
  while (window.networkIsDark) {
    options?.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return plainFetch(resource, options);
};

/** The sound statistics of the present call. */
window.soundReport = async () => {
  for (const each of (await newest?.getStats())?.values() ?? []) {
    if (each.type !== "inbound-rtp" || each.kind !== "audio") continue;
    return {
      delay: each.jitterBufferDelay,
      emitted: each.jitterBufferEmittedCount,
      received: each.packetsReceived,
      at: performance.now(),
    };
  }
  return null;
};
