import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { define, load, MemoryStorage } from "./storage.js";

let storage;

beforeEach(() => define("localStorage", (storage = new MemoryStorage())));

test("a choice survives a reload, and what was not chosen keeps its default", async () => {
  (await load("settings.js")).choose({ handsFree: false, camera: "back" });
  const { settings } = await load("settings.js");
  assert.deepEqual([settings.handsFree, settings.camera, settings.overlay], [false, "back", true]);
});

test("damaged settings count as none", async () => {
  storage.setItem("omnilive.settings", "{");
  assert.equal((await load("settings.js")).settings.handsFree, true);
});

test("without storage a choice lasts as long as the page", async () => {
  storage.broken = true;
  const { choose, settings } = await load("settings.js");
  choose({ shortcuts: false });
  assert.equal(settings.shortcuts, false);
  assert.equal((await load("settings.js")).settings.shortcuts, true);
});
