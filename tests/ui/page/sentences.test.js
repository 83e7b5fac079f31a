import assert from "node:assert/strict";
import { test } from "node:test";
import { strings } from "../../../ui/page/strings/language.js";
import * as words from "../../../ui/page/strings/sentences.js";

globalThis.location ??= /** @type {any} */ ({ host: "example.test:8080" });

test("the time of a call is shown like a clock", () => {
  const times = [[0, "0:00"], [42.9, "0:42"], [2347, "39:07"], [3725, "1:02:05"], [-3, "0:00"]];
  for (const [seconds, shown] of times) assert.equal(words.timeInCall(seconds), shown);
});

test("only a recalled answer names a time", () => {
  assert.equal(words.aboutRecall({ recalled: 42 }), "Recalled from 0:42");
  assert.equal(words.aboutRecall({ recalled: 0 }), "Recalled from 0:00");
  assert.equal(words.aboutRecall({ recalled: null }), "");
});

test("every trouble of a device names the device and what to do", () => {
  for (const code of ["refused", "missing", "taken", "failed"]) {
    for (const kinds of [["microphone"], ["camera"], ["microphone", "camera"]]) {
      const text = words.aboutDevice(code, kinds);
      for (const kind of kinds) assert.match(text, new RegExp(kind));
      assert.match(text, /Allow|Plug|Close|Choose/);
    }
  }
});

test("every trouble of a call has a text, and the server's own text is shown for unknown codes", () => {
  for (const code of ["unsupported", "unreachable", "token", "starting", "stopping", "no_path", "silent_server"]) {
    assert.doesNotMatch(words.aboutCall({ code }), /undefined|\(/);
  }
  assert.match(words.aboutCall({ code: "busy", retryAfter: 9.2 }), /10 seconds/);
  assert.equal(words.aboutCall({ code: "odd", text: "The server is odd." }), "The server is odd.");
  assert.match(words.aboutCall({ code: "http_502", text: "" }), /http_502/);
});

test("every phase with an announcement has a state text", () => {
  for (const phase of Object.keys(strings.announced)) assert.ok(phase === "live" || strings.states[phase], phase);
});
