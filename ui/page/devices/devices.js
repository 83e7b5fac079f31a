/* Shows the user's devices: the preview, and notices about devices that are refused, lost or new. */

import { choose } from "../settings.js";
import { strings } from "../strings/language.js";
import { aboutDevice } from "../strings/sentences.js";

const NO_RETRY = new Set(["insecure", "unsupported"]); // trying again cannot help

export const DEVICE_CODES = ["insecure", "unsupported", "refused", "missing", "taken", "failed"].map((code) => `device_${code}`);

/** `onTrack` is called with the kind and its track, or null, whenever a track changes. */
export function showDevices({ media, pickers, notices, isCalling, onTrack }) {
  for (const source of media.sources) {
    source.addEventListener("track", () => {
      if (source.track) notices.clear(`lost_${source.kind}`);
      onTrack(source.kind, source.track);
    });
  }

  media.addEventListener("trouble", ({ detail: troubles }) => {
    for (const code of new Set(troubles.map((trouble) => trouble.code))) {
      const kinds = troubles.filter((trouble) => trouble.code === code).map(({ kind }) => kind);
      const retry = { label: strings.tryAgain, run: () => kinds.forEach((kind) => media.set(kind, true)) };
      notices.show({
        level: kinds.includes("microphone") ? "warning" : "info",
        code: `device_${code}`,
        text: aboutDevice(code, kinds),
        actions: NO_RETRY.has(code) ? [] : [retry],
      });
    }
  });

  media.addEventListener("lost", ({ detail: { kind, now } }) => {
    notices.show({ level: now ? "info" : "warning", code: `lost_${kind}`, text: strings.devices.lost(kind, now) });
  });

  pickers.addEventListener("pick", ({ detail: { kind, deviceId } }) => media.use(kind, { deviceId, facing: "" }));

  pickers.addEventListener("devices", ({ detail: { appeared } }) => {
    for (const { kind, deviceId, label } of appeared) {
      if (kind === "speaker" || !isCalling()) continue;
      const run = async () => {
        choose({ [kind]: deviceId });
        await media.use(kind, { deviceId });
        await media.set(kind, true);
        await pickers.refresh();
      };
      notices.show({ level: "info", code: `new_${kind}`, text: strings.devices.appeared(kind, label), actions: [{ label: strings.useIt, run }] });
    }
  });
}
