/* The person's devices on the screen: the preview, and what is said when one is refused, lost or new. */

import { choose } from "./settings.js";
import * as words from "./words.js";

const SAY_ONCE = new Set(["insecure", "unsupported"]); // nothing to try again

export const DEVICE_CODES = ["insecure", "unsupported", "refused", "missing", "taken", "failed"].map((code) => `device_${code}`);

/** @param onTrack called with the kind and its track, or null, whenever one changes */
export function showDevices({ senses, pickers, notices, isCalling, onTrack }) {
  for (const source of senses.sources) {
    source.addEventListener("track", () => {
      if (source.track) notices.clear(`lost_${source.kind}`);
      onTrack(source.kind, source.track);
    });
  }

  senses.addEventListener("trouble", ({ detail: troubles }) => {
    for (const code of new Set(troubles.map((trouble) => trouble.code))) {
      const kinds = troubles.filter((trouble) => trouble.code === code).map(({ kind }) => kind);
      const retry = { label: "Try again", run: () => kinds.forEach((kind) => senses.set(kind, true)) };
      notices.show({
        level: kinds.includes("microphone") ? "warning" : "info",
        code: `device_${code}`,
        text: words.aboutDevice(code, kinds),
        actions: SAY_ONCE.has(code) ? [] : [retry],
      });
    }
  });

  senses.addEventListener("lost", ({ detail: { kind, now } }) => {
    notices.show({ level: now ? "info" : "warning", code: `lost_${kind}`, text: words.lost(kind, now) });
  });

  pickers.addEventListener("pick", ({ detail: { kind, deviceId } }) => senses.use(kind, { deviceId, facing: "" }));

  pickers.addEventListener("devices", ({ detail: { appeared } }) => {
    for (const { kind, deviceId, label } of appeared) {
      if (kind === "speaker" || !isCalling()) continue;
      const run = async () => {
        choose({ [kind]: deviceId });
        await senses.use(kind, { deviceId });
        await senses.set(kind, true);
        await pickers.refresh();
      };
      notices.show({ level: "info", code: `new_${kind}`, text: words.newDevice(kind, label), actions: [{ label: "Use it", run }] });
    }
  });
}
