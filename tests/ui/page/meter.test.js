import assert from "node:assert/strict";
import { test } from "node:test";
import { contextFigures } from "../../../ui/page/view/meter.js";

test("the summary gives the tokens in use, the limit and the evicted blocks", () => {
  const { used, summary } = contextFigures({ tokens: { system: 40, sound: 1200, text: 0 }, limit: 4096, dropped: 1 });
  assert.equal(used, 1240);
  assert.equal(summary, "1,240 of 4,096 tokens, 1 older block evicted");
  assert.equal(contextFigures({ tokens: {}, limit: 10 }).summary, "0 of 10 tokens");
  assert.equal(contextFigures({ tokens: {}, limit: 10, dropped: 2 }).summary, "0 of 10 tokens, 2 older blocks evicted");
});

test("every kind has its tokens, blocks and evicted blocks; kinds without tokens come last", () => {
  const { kinds } = contextFigures({
    tokens: { system: 40, sound: 30 },
    limit: 100,
    blocks: [["system", 40], ["sound", 10], ["sound", 20]],
    left: { sound: 5, picture: 2 },
  });
  assert.deepEqual(kinds, [
    { kind: "system", tokens: 40, blocks: 1, evicted: 0 },
    { kind: "sound", tokens: 30, blocks: 2, evicted: 5 },
    { kind: "picture", tokens: 0, blocks: 0, evicted: 2 },
  ]);
});
