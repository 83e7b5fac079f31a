/* Monitors a connection: pings the server and reads the browser's statistics every two seconds. */

const EVERY_MS = 2000;
const SILENCE_MS = 10000; // without a message for this long, the server is gone
const CHECK_MS = 250;
const QUIET_MS = 700; // the server always sends sound, silence too: after this long without any, /healthz is asked

const monitored = new WeakSet(); // a page that takes a call over is greeted twice

/** Monitors `connection` until it ends. `show` is called with {rtt, playout, jitter, lost} in ms and packets. */
export function monitorConnection(connection, show) {
  if (monitored.has(connection)) return;
  monitored.add(connection);
  let heardAt = performance.now();
  let before = null;
  /** @type {{rtt?: number, playout?: number, jitter?: number, lost?: number}} */
  const figures = {};

  connection.addEventListener("message", ({ detail }) => {
    heardAt = performance.now();
    if (detail.type !== "pong") return;
    figures.rtt = heardAt - detail.t;
    show(figures);
  });

  async function measure() {
    if (performance.now() - heardAt > SILENCE_MS) connection.end("lost", "the server does not answer");
    if (!connection.send({ type: "ping", t: performance.now() })) return;
    const { sound, path } = await connection.statistics();
    if (!sound) return;
    const delay = before && playoutDelay(before, sound);
    before = sound;
    if (delay != null) {
      figures.playout = delay;
      const roundTrip = path && { round_trip_ms: 1000 * path.currentRoundTripTime };
      connection.send({ type: "playout", delay_ms: Math.round(delay), ...roundTrip });
    }
    Object.assign(figures, { jitter: (sound.jitter ?? 0) * 1000, lost: sound.packetsLost ?? 0 });
    show(figures);
  }

  const timers = [setInterval(measure, EVERY_MS), setInterval(serverCheck(connection), CHECK_MS)];
  measure();
  connection.ended.then(() => timers.forEach(clearInterval));
}

/**
 * A check to be run repeatedly: when no sound comes, ends `connection` where /healthz fails, and has it look for another
 * path where the server answers. A request that times out ends nothing, because the network may come back.
 */
function serverCheck(connection) {
  let received = -1;
  let receivedAt = 0;
  let asking = false;
  return async () => {
    const packets = (await connection.statistics()).sound?.packetsReceived ?? 0;
    if (packets !== received) [received, receivedAt] = [packets, performance.now()];
    if (asking || received === 0 || performance.now() - receivedAt < QUIET_MS) return;
    asking = true;
    if (await serverIsGone()) connection.end("lost", "the server is gone");
    else if (performance.now() - receivedAt >= QUIET_MS) connection.restart(); // it can be reached, but not on this path
    asking = false;
  };
}

async function serverIsGone() {
  try {
    return !(await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(SILENCE_MS) })).ok;
  } catch (trouble) {
    return trouble.name !== "TimeoutError";
  }
}

/** The average ms that sound waited in the jitter buffer between two reports; null if none was played. */
export function playoutDelay(before, now) {
  const samples = now.jitterBufferEmittedCount - before.jitterBufferEmittedCount;
  return samples > 0 ? (1000 * (now.jitterBufferDelay - before.jitterBufferDelay)) / samples : null;
}
