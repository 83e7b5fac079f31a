/* A Storage for tests; `broken` throws like a browser whose storage is disabled. */

export class MemoryStorage {
  #items = new Map();
  broken = false;

  #check() {
    if (this.broken) throw new DOMException("storage is disabled", "SecurityError");
  }

  getItem(key) {
    this.#check();
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#check();
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#check();
    this.#items.delete(key);
  }
}

let loads = 0;

/** Loads a module of the page again, as a reloaded page does. */
export const load = (name) => import(`../../../ui/page/${name}?load=${(loads += 1)}`);

export function define(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
