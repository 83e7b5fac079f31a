import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./storage.js";

const RATE = 1000;
const chunk = (level, n = 20) => new Float32Array(n).fill(level);

function taken(queue, n) {
  const out = new Float32Array(n);
  queue.take(out);
  return [...out];
}

test("sound is held back until enough of it has arrived, and again after a gap", async () => {
  const { VoiceQueue } = await load("call/voice_queue.js");
  const queue = new VoiceQueue(RATE);
  queue.add(chunk(0.5));
  assert.deepEqual(taken(queue, 10), Array(10).fill(0));
  queue.add(chunk(0.5));
  queue.add(chunk(0.5));
  assert.deepEqual(taken(queue, 50), Array(50).fill(0.5));
  assert.deepEqual(taken(queue, 20), [...Array(10).fill(0.5), ...Array(10).fill(0)]);
  assert.equal(queue.played, 60);
  for (let more = 0; more < 4; more++) queue.add(chunk(0.25));
  assert.deepEqual(taken(queue, 10), Array(10).fill(0), "more is held back than before");
  queue.add(chunk(0.25));
  assert.deepEqual(taken(queue, 10), Array(10).fill(0.25));
});

test("after a stall silence is left out, and words are not", async () => {
  const { VoiceQueue } = await load("call/voice_queue.js");
  const queue = new VoiceQueue(RATE);
  for (const level of [0.5, 0.5, 0, 0, 0, 0, 0, 0.25]) queue.add(chunk(level));
  assert.deepEqual(taken(queue, 40), Array(40).fill(0.5));
  const rest = taken(queue, 120);
  assert.ok(rest.filter((level) => level === 0.25).length === 20);
  assert.ok(rest.indexOf(0.25) < 100, "a silent chunk is gone");
});

test("resampling keeps a tone, in pieces of any size, and removes what the new rate cannot carry", async () => {
  const { Resampler } = await load("call/resampler.js");
  const tone = (hertz, rate, n) => Float32Array.from({ length: n }, (_, at) => Math.sin((2 * Math.PI * hertz * at) / rate));
  for (const [rateIn, rateOut] of [[48000, 16000], [44100, 16000], [24000, 48000], [24000, 44100]]) {
    const whole = new Resampler(rateIn, rateOut).push(tone(440, rateIn, 9600));
    const resampler = new Resampler(rateIn, rateOut);
    const parts = [];
    for (let at = 0; at < 9600; at += 128) parts.push(...resampler.push(tone(440, rateIn, 9600).subarray(at, at + 128)));
    assert.deepEqual(parts, [...whole]);
    assert.ok(Math.abs(whole.length - (9600 * rateOut) / rateIn) < 80);
    const wanted = tone(440, rateOut, whole.length);
    const error = Math.max(...whole.slice(100).map((sample, at) => Math.abs(sample - wanted[at + 100])));
    assert.ok(error < 0.03, `${rateIn} to ${rateOut}: ${error}`);
  }
  const removed = new Resampler(48000, 16000).push(tone(11000, 48000, 9600));
  assert.ok(Math.max(...removed.slice(100).map(Math.abs)) < 0.01);
});
