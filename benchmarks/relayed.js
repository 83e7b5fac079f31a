/* Leads every packet of the page's calls through a relay: the server's addresses become ports of the relay, and the server
   gets none of the browser's. Keeps when sound was received last. */

const setRemote = RTCPeerConnection.prototype.setRemoteDescription;

RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
  const lines = [];
  for (const line of description.sdp.split("\r\n")) {
    const parts = line.split(" ");
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

window.fetch = (resource, options) => {
  if (!options?.body || !String(resource).endsWith("/call")) return plainFetch(resource, options);
  const body = JSON.parse(options.body);
  body.sdp = body.sdp.split("\r\n").filter((line) => !line.startsWith("a=candidate:")).join("\r\n");
  return plainFetch(resource, { ...options, body: JSON.stringify(body) });
};

/** The sound statistics of the present call. */
window.soundReport = async () => {
  const pc = window.omnilive.pc;
  if (!pc) return null;
  for (const report of (await pc.getStats()).values())
    if (report.type === "inbound-rtp" && report.kind === "audio")
      return {
        delay: report.jitterBufferDelay,
        emitted: report.jitterBufferEmittedCount,
        received: report.packetsReceived,
        at: performance.now(),
      };
  return null;
};
