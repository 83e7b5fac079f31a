/* Keeps a phone's screen on during a call. */

let wanted = false;
let lock = null;

export async function keepScreenOn(on) {
  wanted = on;
  if (!on) {
    await lock?.release();
    lock = null;
  } else if (!lock || lock.released) {
    lock = await navigator.wakeLock?.request("screen").catch(() => null); // refused when the battery is low
    if (!wanted) await keepScreenOn(false);
  }
}

// The browser releases the lock while the page is hidden.
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wanted && keepScreenOn(true));
