/* Shows why the assistant waited, answered or stopped, and the record of the last turn. */

import { strings } from "../strings/language.js";
import { aboutReason } from "../strings/sentences.js";

const SHOWN = 12; // reasons, newest first

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
  number.textContent = strings.latency.turn(turn);
  item.append(number, " ", aboutReason({ kind, text }));
  return item;
}

/**
 * A `turn_record` message in words.
 * @param {{turn: number, outcome: string, delays?: Record<string, number>, pauses?: number[][], broken_by?: string}} record
 */
export function recordSentence({ turn, outcome, delays = {}, pauses = [], broken_by: brokenBy = "" }) {
  const words = strings.record;
  const ms = (figure) => strings.latency.ms(figure);
  const parts = [words.turn(turn, words.outcomes[outcome] ?? outcome)];
  if (delays.silence !== undefined) parts.push(words.silence(ms(Math.round(delays.silence))));
  if (pauses.length) parts.push(words.chances(pauses.map(([, p]) => p.toFixed(2)).join(", ")));
  if (delays.network !== undefined) parts.push(words.network(ms(delays.network.toFixed(1))));
  if (delays.jitter_buffer !== undefined) parts.push(words.jitterBuffer(ms(Math.round(delays.jitter_buffer))));
  if (brokenBy) parts.push(words.brokenBy(words.stages[brokenBy] ?? brokenBy));
  return parts.join(words.between) + words.end;
}
