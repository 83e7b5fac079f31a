/* Shows why the assistant waited, answered or stopped, and the record of the last turn. */

const SHOWN = 12; // reasons, newest first
const STAGES = {
  transcript: "the transcript",
  turn_decided: "the wait for your turn to end",
  first_token: "the first word",
  first_phrase: "the first phrase",
  first_sound_made: "making the sound",
  first_sound_sent: "sending the sound",
  first_sound_heard: "network and jitter buffer",
};
const OUTCOMES = { heard: "heard to its end", cut: "interrupted", dropped: "no answer" };

export class Flight {
  /** @type {any[]} */
  #reasons = [];
  #record = null;

  /** @param {{list: Element, record: Element}} nodes */
  constructor({ list, record }) {
    this.list = list;
    this.record = record;
  }

  /** Takes a `why` or a `turn_record` message. */
  take(message) {
    if (message.type === "turn_record") this.#record = message;
    else this.#reasons = [message, ...this.#reasons].slice(0, SHOWN);
  }

  draw() {
    this.list.replaceChildren(...this.#reasons.map(reason));
    if (this.#record) this.record.textContent = recordSentence(this.#record);
  }
}

function reason({ turn, kind, text }) {
  const item = document.createElement("li");
  item.dataset.kind = kind;
  item.dataset.turn = turn;
  const number = document.createElement("b");
  number.textContent = `Turn ${turn}`;
  item.append(number, " ", text);
  return item;
}

/**
 * A `turn_record` message in words.
 * @param {{turn: number, outcome: string, delays?: Record<string, number>, pauses?: number[][], broken_by?: string}} record
 */
export function recordSentence({ turn, outcome, delays = {}, pauses = [], broken_by: brokenBy = "" }) {
  const parts = [`Turn ${turn}: ${OUTCOMES[outcome] ?? outcome}`];
  if (delays.silence !== undefined) parts.push(`${Math.round(delays.silence)} ms of silence ended your turn`);
  if (pauses.length) parts.push(`chances that you had finished: ${pauses.map(([, p]) => p.toFixed(2)).join(", ")}`);
  if (delays.network !== undefined) parts.push(`network ${delays.network.toFixed(1)} ms`);
  if (delays.jitter_buffer !== undefined) parts.push(`jitter buffer ${Math.round(delays.jitter_buffer)} ms`);
  if (brokenBy) parts.push(`over the budget because of ${STAGES[brokenBy] ?? brokenBy}`);
  return `${parts.join("; ")}.`;
}
