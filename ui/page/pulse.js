/* The call's pulse: a ping and a look at the browser's statistics every two seconds. Only measures and reports. */

const EVERY_MS = 2000;
const SILENCE_MS = 10000; // so long without a pong, and the server is gone

/** Takes the pulse of `connection` until it ends. `show` is called with {rtt, playout, jitter, lost}, ms and packets. */
export function takePulse(connection, show) {
  let heardAt = performance.now();
  let before = null;
  const figures = {};

  connection.addEventListener("message", ({ detail }) => {
    heardAt = performance.now();
    if (detail.type !== "pong") return;
    figures.rtt = heardAt - detail.t;
    show(figures);
  });

  async function beat() {
    if (performance.now() - heardAt > SILENCE_MS) connection.end("lost", "the server does not answer");
    if (!connection.send({ type: "ping", t: performance.now() })) return;
    const sound = await soundStatistics(connection.pc);
    if (!sound) return;
    const delay = before && playoutDelay(before, sound);
    before = sound;
    if (delay != null) {
      figures.playout = delay;
      connection.send({ type: "playout", delay_ms: Math.round(delay) });
    }
    Object.assign(figures, { jitter: (sound.jitter ?? 0) * 1000, lost: sound.packetsLost ?? 0 });
    show(figures);
  }

  const timer = setInterval(beat, EVERY_MS);
  beat();
  connection.ended.then(() => clearInterval(timer));
}

async function soundStatistics(pc) {
  for (const report of (await pc.getStats()).values()) {
    if (report.type === "inbound-rtp" && report.kind === "audio") return report;
  }
  return null;
}

/** Milliseconds that sound waited in the jitter buffer, on average between two looks; null if none came. */
function playoutDelay(before, now) {
  const samples = now.jitterBufferEmittedCount - before.jitterBufferEmittedCount;
  return samples > 0 ? (1000 * (now.jitterBufferDelay - before.jitterBufferDelay)) / samples : null;
}
