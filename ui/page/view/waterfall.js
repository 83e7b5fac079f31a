/* Draws the latency of the last turns by stage against the budget, and fills a table with the same figures. */

import { number, strings } from "../strings/language.js";

const SHOWN = 6; // turns
const SVG = "http://www.w3.org/2000/svg";
const ROW = 26;
const LEFT = 96; // width of the names
const RIGHT = 66; // width of the figures
const WIDTH = 340;

const STAGES = [
  "transcript",
  "turn_decided",
  "first_token",
  "first_phrase",
  "first_sound_made",
  "first_sound_sent",
  "first_sound_heard",
];

export class Waterfall {
  /**
   * `svg` gets the stages of the newest turn, `history` a line for each of the last turns.
   * @param {{svg: Element, history: Element, summary: Element, table: Element}} nodes
   */
  constructor({ svg, history, summary, table }) {
    this.svg = svg;
    this.history = history;
    this.summary = summary;
    this.table = table;
  }

  show(turns) {
    const timed = turns.filter(({ latency }) => latency && Object.keys(latency.marks).length > 0).slice(-SHOWN);
    if (timed.length === 0) return;
    const newest = timed.at(-1).latency;
    const stages = STAGES.filter((stage) => stage in newest.marks || stage in newest.budget);
    const most = Math.max(...timed.flatMap(({ latency }) => [...values(latency.marks), ...values(latency.budget)]), 1);
    const scale = (ms) => LEFT + (Math.max(0, ms) / most) * (WIDTH - LEFT - RIGHT);
    this.#drawStages(newest, stages, scale);
    this.#drawTurns(timed, scale);
    this.summary.textContent = summarize(newest);
    this.#fillTable(timed, stages);
  }

  #drawStages({ marks, budget }, stages, scale) {
    const rows = stages.flatMap((stage, i) => {
      if (!(stage in marks)) return [];
      // A stage begins when the one before it was ready; a stage prepared in advance begins at the last speech sample.
      const before = stages.slice(0, i).map((one) => marks[one]).filter((ms) => ms <= marks[stage]);
      return row(i, nameOf(stage), Math.max(0, ...before), marks[stage], budget[stage], scale);
    });
    fill(this.svg, stages.length, rows, summarize({ marks, budget }));
  }

  #drawTurns(timed, scale) {
    const rows = timed.flatMap(({ turn, latency: { marks, budget } }, i) => {
      const last = lastStage(marks);
      return row(i, strings.latency.turn(turn), 0, marks[last], budget[last], scale);
    });
    fill(this.history, timed.length, rows, strings.latency.lastTurns(timed.length));
  }

  #fillTable(timed, stages) {
    const head = line("th", [strings.latency.turnColumn, ...stages.map(nameOf)]);
    const body = timed.map(({ turn, latency: { marks, over } }) =>
      line("td", [
        turn,
        ...stages.map((stage) => (stage in marks ? `${ms(marks[stage])}${over.includes(stage) ? ` ${strings.latency.over}` : ""}` : "–")),
      ]),
    );
    const budget = line("td", [strings.latency.budget, ...stages.map((stage) => ms(timed.at(-1).latency.budget[stage]))]);
    this.table.replaceChildren(head, ...body, budget);
  }
}

function row(index, name, from, to, budget, scale) {
  const y = index * ROW;
  const isOver = budget !== undefined && to > budget;
  const parts = [
    shape("text", { x: 0, y: y + 17, class: "name" }, name),
    shape("rect", { x: LEFT, y: y + 11, width: WIDTH - LEFT - RIGHT, height: 4, rx: 2, class: "track" }),
    shape("rect", { x: scale(from), y: y + 7, width: Math.max(3, scale(to) - scale(from)), height: 12, rx: 3, class: isOver ? "bar over" : "bar" }),
    shape("text", { x: WIDTH, y: y + 17, class: isOver ? "figure over" : "figure" }, `${ms(to)}${isOver ? " !" : ""}`),
  ];
  if (budget !== undefined) {
    parts.push(shape("rect", { x: scale(budget) - 1, y: y + 3, width: 2, height: 20, rx: 1, class: "budget" }));
  }
  return parts;
}

function fill(svg, rows, parts, label) {
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${rows * ROW}`);
  svg.setAttribute("aria-label", label);
  svg.replaceChildren(...parts);
}

function shape(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function line(tag, cells) {
  const made = document.createElement("tr");
  cells.forEach((text, i) => {
    const cell = document.createElement(i === 0 ? "th" : tag);
    if (cell.tagName === "TH") cell.scope = tag === "th" ? "col" : "row";
    cell.textContent = text;
    made.append(cell);
  });
  return made;
}

export function summarize({ marks, budget }) {
  const last = lastStage(marks);
  return strings.latency.summary(nameOf(last), ms(marks[last]), budget[last] === undefined ? "" : ms(budget[last]));
}

export function lastStage(marks) {
  return STAGES.findLast((stage) => stage in marks) ?? Object.keys(marks).at(-1);
}

const nameOf = (stage) => strings.stages[stage] ?? stage;
const values = (record) => Object.values(record);
const ms = (value) => (value === undefined ? "–" : strings.latency.ms(number(Math.round(value))));
