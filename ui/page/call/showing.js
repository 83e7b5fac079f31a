/* Sends files that the user shows in the call, one after the other and in order, and follows how the server takes them in. */

import { callSecrets } from "./resuming.js";
import { authorization } from "./token.js";

/**
 * Events: `shown` (detail: {number, name, kind?, state, done?, text?, code?, file?, thumbnail?}): a file has changed.
 * `state` is sending, waiting, reading, ready or failed; `code` is the reason why this page did not send it: too_large
 * (with `limit` in bytes) or unreachable; `file` comes with the first event.
 */
export class Showing extends EventTarget {
  #number = 0;
  #limits = { picture: Infinity, file: Infinity };
  #waiting = []; // files for which there is no call yet
  #sending = Promise.resolve();
  #live = false;

  /** A call has begun, whose server takes files up to these limits. */
  begin({ picture = Infinity, file = Infinity } = {}) {
    this.#limits = { picture, file };
    this.#live = true;
    for (const { number, file: waiting } of this.#waiting.splice(0)) this.#queue(number, waiting);
  }

  /** The call is over. */
  end() {
    this.#live = false;
  }

  /** @param {Iterable<File>} files in the order in which they count */
  add(files) {
    for (const file of files) {
      const number = ++this.#number;
      this.#emit({ number, name: file.name, state: "sending", done: 0, file });
      if (this.#live) this.#queue(number, file);
      else this.#waiting.push({ number, file });
    }
  }

  /** Takes a `shown` message of the server. */
  take(shown) {
    this.#emit(shown);
  }

  #queue(number, file) {
    const limit = file.type.startsWith("image/") ? this.#limits.picture : this.#limits.file;
    if (file.size > limit) return this.#emit({ number, name: file.name, state: "failed", code: "too_large", limit });
    this.#sending = this.#sending.then(() => this.#send(number, file));
  }

  async #send(number, file) {
    const refused = await upload(number, file, (done) => this.#emit({ number, name: file.name, state: "sending", done }));
    if (refused) this.#emit({ number, name: file.name, state: "failed", ...refused });
  }

  #emit(detail) {
    this.dispatchEvent(new CustomEvent("shown", { detail }));
  }
}

/** Resolves to null, or to {text} or {code} on why the file was not taken. A request reports how much of it was sent. */
function upload(number, file, onProgress) {
  const { session, token } = callSecrets();
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/call/${session}/show/${number}?name=${encodeURIComponent(file.name || "picture.png")}`);
    const headers = { ...authorization(), "Omnilive-Call": token ?? "", "Content-Type": "application/octet-stream" };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => resolve(request.status === 200 ? null : { text: request.response?.error?.message ?? "", code: "refused" });
    request.onerror = request.onabort = () => resolve({ code: "unreachable" });
    request.send(file);
  });
}
