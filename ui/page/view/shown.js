/* Shows files that the user shows: in the conversation, each with a small picture, how far it is, and what is in it.
   Takes them from the button, by drop and by paste. Shows pictures that the assistant drew there too. */

import { number as written, strings } from "../strings/language.js";

const SIDE = 160; // pixels of a small picture

export class Shown {
  #items = new Map(); // by number

  /** @param {HTMLElement} list of the captions */
  constructor(list) {
    this.list = list;
  }

  /** @param {any} shown as in call/showing.js */
  show({ number, name, kind, state, done = 0, text = "", code, limit, file, thumbnail }) {
    const item = this.#items.get(number) ?? this.#new(number, name);
    item.dataset.state = state;
    if (kind) item.dataset.kind = kind;
    const progress = item.querySelector("progress");
    progress.hidden = !["sending", "waiting", "reading"].includes(state);
    if (done > 0) progress.value = done;
    else progress.removeAttribute("value");
    progress.setAttribute("aria-label", strings.shown[state === "sending" ? "sending" : "reading"](name));
    const words = text || (code ? aboutFile(code, name, limit) : "");
    if (words || state === "failed") item.querySelector(".text").textContent = words;
    if (file?.type.startsWith("image/")) draw(item.querySelector("canvas"), file);
    if (thumbnail) draw(item.querySelector("canvas"), fromBase64(thumbnail));
    item.scrollIntoView?.({ block: "nearest" });
  }

  /** A picture that the assistant drew: a JPEG in base64. */
  draw(picture) {
    const item = document.createElement("li");
    item.className = "caption shown drawn";
    Object.assign(item.dataset, { role: "assistant", final: "true" });
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", strings.shown.drawn);
    item.append(canvas);
    this.list.append(item);
    draw(canvas, fromBase64(picture), Infinity).then(() => item.scrollIntoView({ block: "nearest" }));
  }

  #new(number, name) {
    const item = document.createElement("li");
    item.className = "caption shown";
    Object.assign(item.dataset, { role: "user", shown: number, final: "true" });
    const picture = document.createElement("canvas");
    picture.hidden = true;
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = name;
    const text = document.createElement("span");
    text.className = "text";
    item.append(picture, label, document.createElement("progress"), text);
    this.list.append(item);
    this.#items.set(number, item);
    return item;
  }
}

/**
 * @param {{button: HTMLElement, input: HTMLInputElement, page: HTMLElement}} elements
 * @param {(files: File[]) => void} add
 */
export function takeFiles({ button, input, page }, add) {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add([...(input.files ?? [])]);
    input.value = ""; // so that the same file can be chosen again
  });
  page.addEventListener("dragover", (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    page.dataset.dropping = "true";
  });
  page.addEventListener("dragleave", (event) => event.relatedTarget || delete page.dataset.dropping);
  page.addEventListener("drop", (event) => {
    delete page.dataset.dropping;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) event.preventDefault();
    add(files);
  });
  page.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) event.preventDefault();
    add(files);
  });
}

function aboutFile(code, name, limit) {
  const { shown } = strings;
  return code === "too_large" ? shown.tooLarge(name, written(Math.floor(limit / 1e6))) : shown.unreachable(name);
}

async function draw(canvas, blob, side = SIDE) {
  try {
    const bitmap = await createImageBitmap(blob);
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
    bitmap.close();
  } catch {
    // The server may read what this browser does not, and sends a small picture then.
  }
}

function fromBase64(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/jpeg" });
}
