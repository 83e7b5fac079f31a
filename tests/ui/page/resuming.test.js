import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { define, load, MemoryStorage } from "./storage.js";

const ANSWER = { session: "call-1", resume: "token-1", resumed: false };
const SAID = [{ role: "user", text: "My cat is called Momo." }];

let storage;
let leave;

beforeEach(() => {
  define("sessionStorage", (storage = new MemoryStorage()));
  define("addEventListener", (type, listener) => type === "pagehide" && (leave = listener));
});

test("a page that has lost its call asks for the messages after those it has received", async () => {
  const { continuing, count, remember } = await load("call/resuming.js");
  assert.deepEqual(continuing([]), {});
  remember(ANSWER);
  count();
  count();
  const asked = { replaces: "call-1", resume: "token-1", received: 2, said: SAID };
  assert.deepEqual(continuing(SAID), asked);
  remember({ ...ANSWER, resumed: true });
  count();
  assert.equal(continuing(SAID).received, 3, "a resumed call counts on");
  remember({ ...ANSWER, session: "call-2", resume: "token-2" });
  assert.deepEqual(continuing(SAID), { replaces: "call-2", resume: "token-2", received: 0, said: SAID });
});

test("a call that the user begins is a new conversation", async () => {
  const { continuing, count, forget, remember } = await load("call/resuming.js");
  remember(ANSWER);
  count();
  forget();
  assert.deepEqual(continuing(SAID), { replaces: "call-1" });
});

test("a waiting page keeps its place in the queue until it is answered", async () => {
  const { continuing, remember, rememberPlace } = await load("call/resuming.js");
  rememberPlace({ ticket: "ticket-1", position: 2, wait_s: null });
  assert.deepEqual(continuing([]), { ticket: "ticket-1" });
  remember(ANSWER);
  assert.equal(continuing([]).ticket, undefined);
  rememberPlace(undefined);
  assert.equal(continuing([]).ticket, undefined);
});

test("a reloaded page replaces the call that it had", async () => {
  const { continuing, remember } = await load("call/resuming.js");
  remember(ANSWER);
  leave();
  assert.deepEqual((await load("call/resuming.js")).continuing([]), { replaces: "call-1" });
});

test("a duplicated tab does not end the call of the original", async () => {
  (await load("call/resuming.js")).remember(ANSWER);
  assert.equal(storage.getItem("omnilive.call"), null, "stored only when the page is left");
  assert.deepEqual((await load("call/resuming.js")).continuing([]), {});
});

test("disabled storage is no error", async () => {
  storage.broken = true;
  const { continuing, remember } = await load("call/resuming.js");
  remember(ANSWER);
  leave();
  assert.equal(continuing([]).replaces, "call-1");
});

test("a page that takes a call over asks for all messages, and counts from the first that it gets", async () => {
  define("location", { hash: "#token=t&call=token-9", pathname: "/", search: "" });
  const replaced = [];
  define("history", { replaceState: (_state, _title, address) => replaced.push(address) });
  const { continuing, count, leave, remember, takeCallFromAddress } = await load("call/resuming.js");
  assert.ok(takeCallFromAddress());
  assert.deepEqual(replaced, ["/#token=t"]);
  assert.deepEqual(continuing(SAID), { resume: "token-9", received: 0, take: true });
  remember({ session: "call-9", resume: "token-9", resumed: true, first: 40 });
  count();
  assert.deepEqual(continuing([]), { replaces: "call-9", resume: "token-9", received: 41, said: [] });
  leave();
  assert.deepEqual(continuing([]), {}, "the next call ends no other");
});
