/* Handles push-to-talk by keyboard, mouse and touch, and the single-key shortcuts. */

import { settings } from "../settings.js";

const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const PRESSABLE = "button, a[href], summary, input, [tabindex]";

/**
 * @param {(down: boolean) => boolean} talk false where the talk key has no effect now
 * @param {Record<string, () => void>} actions by key: m, c, Escape, "?"
 */
export function listenToKeys(talk, actions) {
  let byPointer = true; // after a click the clicked button has the focus, but Space should talk, not press it again
  let talking = false;

  const release = () => talking && (talking = false, talk(false));

  addEventListener("pointerdown", () => (byPointer = true), true);
  addEventListener("keydown", (event) => {
    if (event.key === "Tab") byPointer = false;
    const at = /** @type {HTMLElement} */ (document.activeElement ?? document.body);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return actions.Escape();
    if (at.matches(TYPING) || !settings.shortcuts) return;
    if (event.key === " ") {
      if (!byPointer && at.matches(PRESSABLE)) return;
      if (!talking && !event.repeat) talking = talk(true);
      if (talking || at.matches("button")) event.preventDefault();
      if (talking && at.matches(PRESSABLE)) at.blur(); // its focus ring would suggest that Space presses it
    } else if (!event.repeat) {
      actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]?.();
    }
  });
  addEventListener("keyup", (event) => {
    if (event.key !== " ") return;
    if (talking || (byPointer && document.activeElement?.matches("button"))) event.preventDefault(); // the button would be pressed
    release();
  });
  addEventListener("blur", release);
  document.addEventListener("visibilitychange", () => document.hidden && release());
}

/** Makes `button` talk while it is held by finger, mouse or key; bare clicks, as of screen readers, toggle it. */
export function holdToTalk(button, talk) {
  let held = false;
  let pressedAt = -Infinity;

  const down = (event) => {
    if (event.button > 0 || held) return;
    held = talk(true);
    pressedAt = event.timeStamp;
    if (event.pointerId !== undefined) button.setPointerCapture(event.pointerId);
  };
  const up = (event) => {
    pressedAt = event.timeStamp;
    if (held) talk(false);
    held = false;
  };
  const isPress = (event) => event.key === " " || event.key === "Enter";

  button.addEventListener("pointerdown", down);
  for (const type of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(type, up);
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch opens the menu
  button.addEventListener("keydown", (event) => {
    if (!isPress(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) down(event);
  });
  button.addEventListener("keyup", (event) => isPress(event) && (event.preventDefault(), up(event)));
  button.addEventListener("click", (event) => {
    // Screen readers click without pressing: one click starts, the next one ends.
    if (event.timeStamp - pressedAt < 500) return;
    if (held) {
      held = false;
      talk(false);
    } else {
      held = talk(true);
    }
  });
}
