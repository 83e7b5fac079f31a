import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf, smoothed } from "../../../ui/page/devices/levels.js";

const sine = (amplitude) => Float32Array.from({ length: 1024 }, (_, i) => amplitude * Math.sin((2 * Math.PI * 8 * i) / 1024));

test("silence is 0 and a loud tone is 1", () => {
  assert.equal(levelOf(new Float32Array(1024)), 0);
  assert.equal(levelOf(sine(0.9)), 1);
});

test("the level is linear in decibels", () => {
  const levels = [0.01, 0.02, 0.04].map((amplitude) => levelOf(sine(amplitude)));
  assert.ok(levels[0] > 0 && levels[2] < 1);
  assert.ok(Math.abs(levels[2] - levels[1] - (levels[1] - levels[0])) < 1e-3, String(levels));
});

test("the level does not depend on the number of samples", () => {
  assert.ok(Math.abs(levelOf(sine(0.05)) - levelOf(sine(0.05).slice(0, 512))) < 1e-6);
});

test("the shown level rises at once and falls slowly", () => {
  assert.equal(smoothed(0.2, 0.9), 0.9);
  const falling = smoothed(0.9, 0);
  assert.ok(falling > 0.7 && falling < 0.9);
});
