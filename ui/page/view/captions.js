/* Shows the captions of both sides as a list. Does not scroll while the reader has scrolled up. */

import { partsOf } from "../call/turns.js";
import { say, strings } from "../strings/language.js";
import { aboutRecall } from "../strings/sentences.js";
import { scriptOf } from "../strings/scripts.js";

const KEPT = 300; // items; older ones are removed
const NEAR_END_PX = 48;

export class Captions {
  #items = new Map(); // "call/turn/role" -> <li>
  #atEnd = true;

  /**
   * @param {HTMLElement} list the <ol>
   * @param {HTMLElement} view the element that scrolls
   * @param {HTMLElement} latest the button that scrolls to the end
   */
  constructor(list, view, latest) {
    this.list = list;
    this.view = view;
    this.latest = latest;
    view.addEventListener("scroll", () => this.#updateAtEnd(), { passive: true });
    latest.addEventListener("click", () => this.#follow(true));
    new ResizeObserver(() => this.#follow()).observe(view);
  }

  show(turn) {
    if (turn.user) this.#showUser(turn);
    if (turn.reply) this.#showReply(turn);
    else this.#remove(turn, "assistant");
    this.#follow();
  }

  /** The caption of the user in the newest call's turn, or null. */
  ofUser(turn) {
    return this.list.querySelector(`[data-role=user][data-call="${turn.call}"][data-turn="${turn.turn}"]`);
  }

  /** A line across the conversation, such as "Reconnected". */
  divide(text) {
    const last = this.list.lastElementChild;
    const line = last?.className === "divider" ? last : element("li", "divider");
    line.textContent = text;
    this.list.append(line);
    this.#follow();
  }

  #showUser(turn) {
    const { text, final, typed } = turn.user;
    const item = this.#item(turn, "user");
    item.dataset.final = String(final);
    item.classList.toggle("typed", typed);
    write(item.querySelector(".text"), text);
    item.lang = scriptOf(text);
    item.hidden = text.trim() === ""; // the sound was not speech
  }

  #showReply(turn) {
    const { heard, waiting, cut } = partsOf(turn.reply);
    const item = this.#item(turn, "assistant");
    item.hidden = turn.reply.ended && !turn.reply.text; // nothing was to be said
    item.dataset.final = String(turn.reply.ended);
    item.dataset.cut = String(turn.reply.cut);
    item.dataset.recalled = String(turn.reply.recalled !== null);
    write(item.querySelector(".recalled"), aboutRecall(turn.reply));
    write(item.querySelector(".heard"), heard);
    item.lang = scriptOf(turn.reply.text);
    write(item.querySelector(".waiting"), waiting);
    write(item.querySelector("s"), cut);
    this.#showCited(item.querySelector(".cited"), turn.reply.cited);
    write(item.querySelector(".aside"), turn.reply.cut ? ` ${strings.interrupted}` : "");
  }

  /** The source of an answer from a document; a click shows what is quoted from there. */
  #showCited(quote, cited) {
    quote.hidden = cited === null;
    write(quote.querySelector("summary"), cited?.source ?? "");
    write(quote.querySelector("blockquote"), cited?.text ?? "");
  }

  #item(turn, role) {
    const key = `${turn.call}/${turn.turn}/${role}`;
    let item = this.#items.get(key);
    if (!item) {
      item = role === "user" ? userItem() : replyItem();
      Object.assign(item.dataset, { role, call: turn.call, turn: turn.turn });
      const answer = role === "user" && this.#items.get(`${turn.call}/${turn.turn}/assistant`);
      const next = answer || this.#later(turn);
      if (next) next.before(item);
      else this.list.append(item);
      this.#items.set(key, item);
      this.#forgetOld();
    }
    return item;
  }

  #remove(turn, role) {
    const key = `${turn.call}/${turn.turn}/${role}`;
    this.#items.get(key)?.remove();
    this.#items.delete(key);
  }

  /** The first item of a later turn, before which a caption that comes late belongs. */
  #later({ call, turn }) {
    const items = /** @type {HTMLElement[]} */ ([...this.list.children]);
    return items.find(({ dataset }) => Number(dataset.call) === call && Number(dataset.turn) > turn);
  }

  #forgetOld() {
    while (this.#items.size > KEPT) {
      const [oldest, item] = this.#items.entries().next().value;
      item.remove();
      this.#items.delete(oldest);
    }
  }

  #updateAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.view;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.latest.hidden = this.#atEnd;
  }

  #follow(anyway = false) {
    if (this.#atEnd || anyway) this.view.scrollTop = this.view.scrollHeight;
    this.#updateAtEnd();
  }
}

function userItem() {
  const item = element("li", "caption");
  item.append(speaker("you"), element("span", "text"));
  return item;
}

function replyItem() {
  const item = element("li", "caption");
  item.append(
    speaker("assistant"),
    element("span", "recalled"),
    element("span", "heard"),
    element("span", "waiting"),
    element("s", ""),
    element("span", "aside sr"),
    quotation(),
  );
  return item;
}

function quotation() {
  const quote = element("details", "cited");
  quote.append(element("summary", ""), element("blockquote", ""));
  return quote;
}

const speaker = (name) => say(element("span", "sr"), name);

function element(tag, classes) {
  const made = document.createElement(tag);
  made.className = classes;
  return made;
}

/** Writes only a text that differs: captions change many times a second, most of their parts do not. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
