import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf, Turns } from "../../../ui/page/call/turns.js";

const take = (...messages) => {
  const turns = new Turns();
  turns.beginCall();
  for (const message of messages) turns.take(message);
  return turns;
};

test("a turn collects its caption, its reply and its latency", () => {
  const { list } = take(
    { type: "user_caption", turn: 1, text: "Hello", final: true, typed: false },
    { type: "reply_text", turn: 1, text: "Good " },
    { type: "reply_text", turn: 1, text: "day." },
    { type: "latency", turn: 1, marks: { first_token: 300 }, budget: { first_token: 400 } },
  );
  assert.equal(list.length, 1);
  assert.deepEqual(list[0].user, { text: "Hello", final: true, typed: false });
  assert.equal(list[0].reply.text, "Good day.");
  assert.deepEqual(list[0].latency.over, []);
});

test("heard characters count code points, so that an emoji is one character", () => {
  const { list } = take({ type: "reply_text", turn: 1, text: "🙂🙂 yes" }, { type: "reply_heard", turn: 1, characters: 1 });
  assert.deepEqual(partsOf(list[0].reply), { heard: "🙂", waiting: "🙂 yes", cut: "" });
});

test("the rest of an interrupted reply is cut", () => {
  const { list } = take({ type: "reply_ended", turn: 1, said: "One two three", heard: "One two", cut: true });
  assert.deepEqual(partsOf(list[0].reply), { heard: "One two", waiting: "", cut: " three" });
});

test("the time of a recalled event survives the end of the reply", () => {
  const { list } = take(
    { type: "reply_recalled", turn: 1, at: 42 },
    { type: "reply_ended", turn: 1, said: "A cup.", heard: "A cup.", cut: false },
  );
  assert.equal(list[0].reply.recalled, 42);
});

test("the source of an answer survives the end of the reply", () => {
  const { list } = take(
    { type: "reply_cited", turn: 1, source: "contract, page 3", text: "The rent is 900 euros." },
    { type: "reply_ended", turn: 1, said: "900 euros.", heard: "900 euros.", cut: false },
  );
  assert.deepEqual(list[0].reply.cited, { source: "contract, page 3", text: "The rent is 900 euros." });
});

test("a late caption goes before later turns, and a new call numbers its turns again", () => {
  const turns = take({ type: "reply_text", turn: 3, text: "c" }, { type: "user_caption", turn: 2, text: "b", final: true });
  turns.beginCall();
  turns.take({ type: "reply_text", turn: 2, text: "again" });
  assert.deepEqual(turns.list.map(({ call, turn }) => [call, turn]), [[1, 2], [1, 3], [2, 2]]);
});

test("a lost connection ends the open turns only", () => {
  const turns = take(
    { type: "reply_ended", turn: 1, said: "Done.", heard: "Done.", cut: false },
    { type: "user_caption", turn: 2, text: "And", final: false },
    { type: "reply_text", turn: 2, text: "Well" },
  );
  assert.deepEqual(turns.breakOff().map(({ turn }) => turn), [2]);
  assert.equal(turns.list[0].reply.cut, false);
  assert.deepEqual([turns.list[1].user.final, turns.list[1].reply.ended, turns.list[1].reply.cut], [true, true, true]);
});

test("a message about no turn changes nothing", () => {
  const turns = take({ type: "pong", t: 1 });
  assert.equal(turns.take({ type: "scene" }), null);
  assert.deepEqual(turns.list, []);
});

test("a reply that was taken back begins again", () => {
  const turns = new Turns();
  turns.beginCall();
  turns.take({ type: "reply_text", turn: 1, text: "Sorry" });
  assert.equal(turns.take({ type: "why", turn: 1, kind: "answered", text: "waited 400 ms" }), null);
  assert.equal(turns.take({ type: "why", turn: 1, kind: "taken_back", text: "you went on" }).reply, null);
  assert.equal(turns.take({ type: "reply_text", turn: 1, text: "Sorry, what?" }).reply.text, "Sorry, what?");
});
