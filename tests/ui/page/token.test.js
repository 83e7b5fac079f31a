import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { define, load, MemoryStorage } from "./storage.js";

let storage;
let shown;

beforeEach(() => {
  define("sessionStorage", (storage = new MemoryStorage()));
  define("history", { replaceState: (_state, _title, address) => (shown = address) });
});

const visit = (hash) => define("location", { hash, pathname: "/", search: "?a=1" });

test("the token leaves the address bar and goes into the headers", async () => {
  visit("#token=abc.DEF_123");
  const { authorization, takeTokenFromAddress } = await load("call/token.js");
  assert.equal(takeTokenFromAddress(), true);
  assert.equal(shown, "/?a=1");
  assert.deepEqual(authorization(), { Authorization: "Bearer abc.DEF_123" });
});

test("a reloaded page still has the token, a new tab has none", async () => {
  visit("#token=first");
  (await load("call/token.js")).takeTokenFromAddress();
  visit("");
  const again = await load("call/token.js");
  assert.equal(again.takeTokenFromAddress(), false);
  assert.deepEqual(again.authorization(), { Authorization: "Bearer first" });
  define("sessionStorage", new MemoryStorage());
  assert.deepEqual((await load("call/token.js")).authorization(), {});
});

test("without storage the token lasts until the page is reloaded", async () => {
  storage.broken = true;
  visit("#token=first");
  const { authorization, takeTokenFromAddress } = await load("call/token.js");
  assert.equal(takeTokenFromAddress(), true);
  assert.deepEqual(authorization(), { Authorization: "Bearer first" });
  assert.deepEqual((await load("call/token.js")).authorization(), {});
});
