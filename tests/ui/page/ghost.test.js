import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { define, load, MemoryStorage } from "./storage.js";

let storage;
let leave;

beforeEach(() => {
  define("sessionStorage", (storage = new MemoryStorage()));
  define("addEventListener", (type, listener) => type === "pagehide" && (leave = listener));
});

test("a reloaded page replaces the call that it had", async () => {
  const { remember, replacing } = await load("call/ghost.js");
  assert.deepEqual(replacing(), {});
  remember("call-1");
  assert.deepEqual(replacing(), { replaces: "call-1" });
  leave();
  assert.deepEqual((await load("call/ghost.js")).replacing(), { replaces: "call-1" });
});

test("a duplicated tab does not end the call of the original", async () => {
  (await load("call/ghost.js")).remember("call-1");
  assert.equal(storage.getItem("omnilive.ghost"), null, "stored only when the page is left");
  assert.deepEqual((await load("call/ghost.js")).replacing(), {});
});

test("disabled storage is no error", async () => {
  storage.broken = true;
  const { remember, replacing } = await load("call/ghost.js");
  remember("call-1");
  leave();
  assert.deepEqual(replacing(), { replaces: "call-1" });
});
