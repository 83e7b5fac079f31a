/* The voice while somebody speaks over it: turned down by the page before the server, silent, back again. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { EarlyDuck } from "../../../ui/page/call/early_duck.js";
import { Flush } from "../../../ui/page/call/flush.js";

function follower() {
  const heard = { level: -60, ducks: 0, now: 0 };
  const early = new EarlyDuck(
    () => heard.level,
    () => (heard.ducks += 1),
  );
  mock.timers.enable({ apis: ["setInterval"] });
  early.follow("speaking");
  mock.timers.reset();
  const hear = (level, ms) => {
    heard.level = level;
    for (let at = 0; at < ms; at += 15) early.look((heard.now += 15));
  };
  return { heard, early, hear };
}

test("speech turns the voice down at once; a click and what was there before do not", () => {
  const { heard, hear } = follower();
  hear(-60, 100);
  hear(-20, 15);
  hear(-60, 400);
  assert.equal(heard.ducks, 0);
  hear(-20, 30);
  assert.equal(heard.ducks, 1);
});

test("where the server hears nobody, the page soon only listens, until it was right", () => {
  const { heard, early, hear } = follower();
  for (let word = 0; word < 6; word++) {
    hear(-20, 60);
    hear(-60, 600);
  }
  assert.equal(heard.ducks, 3);
  hear(-20, 60);
  early.confirm();
  hear(-60, 600);
  hear(-20, 60);
  assert.equal(heard.ducks, 4);
});

test("what is to be sent again is dropped, also where the voice comes back meanwhile", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const voice = /** @type {HTMLMediaElement} */ (/** @type {unknown} */ ({ volume: 1, muted: false }));
  const flush = new Flush(voice);
  flush.duck({ on: true });
  assert.equal(voice.volume, 0.25);
  flush.duck({ on: true, silent: true });
  flush.duck({ on: false });
  assert.equal(voice.volume, 0);
  mock.timers.tick(100);
  assert.equal(voice.volume, 1);
  mock.timers.reset();
});
