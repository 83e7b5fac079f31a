/* The call's pulse: a ping and a look at the browser's statistics every two seconds. Only measures and reports. */

const EVERY_MS = 2000;
const SILENCE_MS = 10000; // so long without a pong, and the server is gone
const LISTEN_MS = 250;
const QUIET_MS = 700; // the server sends sound all the time, silence too: after so long without any it is asked why

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

  const timers = [setInterval(beat, EVERY_MS), setInterval(gone(connection), LISTEN_MS)];
  beat();
  connection.ended.then(() => timers.forEach(clearInterval));
}

/**
 * A look at whether the server is still there, to be taken again and again: ends `connection` where no sound comes and
 * nobody serves the page any more. A network that is away answers nothing, and may come back: that is no reason to end.
 */
function gone(connection) {
  let received = -1;
  let receivedAt = 0;
  let asking = false;
  return async () => {
    const packets = (await soundStatistics(connection.pc))?.packetsReceived ?? 0;
    if (packets !== received) [received, receivedAt] = [packets, performance.now()];
    if (asking || received === 0 || performance.now() - receivedAt < QUIET_MS) return;
    asking = true;
    if (await nobodyServes()) connection.end("lost", "the server is gone");
    asking = false;
  };
}

async function nobodyServes() {
  try {
    return !(await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(SILENCE_MS) })).ok;
  } catch (trouble) {
    return trouble.name !== "TimeoutError";
  }
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
