/* The pure functions of overlay.js, monitor.js, waterfall.js, seconds.js, pickers.js and privacy.js. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { define, load, MemoryStorage } from "./storage.js";

define("localStorage", new MemoryStorage());

test("a picture that covers its view is centred and larger on two sides only", async () => {
  const { pictureArea } = await load("view/overlay.js");
  assert.deepEqual(pictureArea(400, 300, 4 / 3), { left: 0, top: 0, width: 400, height: 300, viewWidth: 400, viewHeight: 300 });
  const tall = pictureArea(300, 600, 4 / 3);
  assert.deepEqual([tall.width, tall.height, tall.left, tall.top], [800, 600, -250, 0]);
  const wide = pictureArea(800, 300, 4 / 3);
  assert.deepEqual([wide.width, wide.height, wide.left, wide.top], [800, 600, 0, -150]);
});

test("a box moves with its object; a far box or another label is a new one", async () => {
  const { isSame } = await load("view/overlay.js");
  const cup = { kind: "object", name: "cup", box: [0.1, 0.1, 0.3, 0.3] };
  assert.ok(isSame(cup, { ...cup, box: [0.2, 0.2, 0.4, 0.4] }));
  assert.ok(!isSame(cup, { ...cup, box: [0.5, 0.1, 0.7, 0.3] }));
  assert.ok(!isSame(cup, { ...cup, name: "bowl" }));
  assert.ok(!isSame(cup, { ...cup, kind: "text" }));
});

test("the playout delay is the average wait of the samples between two reports", async () => {
  const { playoutDelay } = await load("call/monitor.js");
  const before = { jitterBufferDelay: 10, jitterBufferEmittedCount: 1000 };
  assert.equal(playoutDelay(before, { jitterBufferDelay: 14, jitterBufferEmittedCount: 1100 }), 40);
  assert.equal(playoutDelay(before, before), null, "no sound was played");
});

test("the record of a turn is a sentence of what is known", async () => {
  const { recordSentence } = await load("view/flight.js");
  const record = { turn: 2, outcome: "cut", delays: { silence: 380.4, jitter_buffer: 41.6 }, pauses: [[130, 0.414]], broken_by: "transcript" };
  assert.equal(
    recordSentence(record),
    "Turn 2: interrupted; 380 ms of silence ended your turn; chances that you had finished: 0.41; jitter buffer 42 ms; over the budget because of the transcript.",
  );
  assert.equal(recordSentence({ turn: 3, outcome: "dropped" }), "Turn 3: no answer.");
});

test("the summary of a turn names its last stage and the budget", async () => {
  const { lastStage, summarize } = await load("view/waterfall.js");
  assert.equal(lastStage({ first_token: 300, transcript: 100 }), "first_token");
  assert.equal(summarize({ marks: { first_token: 1234.4 }, budget: { first_token: 900 } }), "First word after 1,234 ms, budget 900 ms");
  assert.equal(summarize({ marks: { first_token: 80 }, budget: {} }), "First word after 80 ms");
});

test("the newest seconds are kept, and a new call begins with second 0", async () => {
  const { Seconds } = await load("view/seconds.js");
  const seconds = new Seconds(/** @type {any} */ ({}));
  for (let number = 0; number < 100; number++) seconds.take({ number, decision: "listening", forced: false, left: [] });
  assert.deepEqual([seconds.marks.length, seconds.marks[0].number, seconds.marks.at(-1).number], [40, 60, 99]);
  seconds.take({ number: 0, decision: "speaking", forced: false, left: [] });
  assert.equal(seconds.marks.length, 1);
});

test("a device is new when it was not listed before, and the browser gave names before", async () => {
  const { newDevices } = await load("devices/pickers.js");
  const one = { kind: "audioinput", deviceId: "1", label: "Desk" };
  const two = { kind: "videoinput", deviceId: "2", label: "Lid" };
  const standard = { kind: "audioinput", deviceId: "default", label: "Default" };
  assert.deepEqual(newDevices([one], [one, two, standard]), [{ kind: "camera", deviceId: "2", label: "Lid" }]);
  assert.deepEqual(newDevices([{ ...one, label: "" }], [one, two]), [], "before permission");
});

test("the privacy sentence says where the words go", async () => {
  const { privacySentence } = await load("view/privacy.js");
  assert.match(privacySentence(undefined, "localhost"), /leaves this machine/);
  assert.match(privacySentence(undefined, "desk.test"), /goes to desk\.test/);
  assert.match(privacySentence("words", "localhost"), /another server.*pictures are not/);
  assert.match(privacySentence("pictures", "localhost"), /words and pictures of the camera are sent/);
});
