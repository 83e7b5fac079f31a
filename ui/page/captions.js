/* The captions of both sides as a list. A reader who has scrolled up is left in peace. */

import { partsOf } from "./turns.js";
import { aboutRecall } from "./words.js";

const KEPT = 300; // items; older ones leave the page
const NEAR_END_PX = 48;

export class Captions {
  #items = new Map(); // "call/turn/role" -> <li>
  #atEnd = true;

  /** @param list the <ol>  @param view what scrolls  @param latest the button that leads back to the end */
  constructor(list, view, latest) {
    Object.assign(this, { list, view, latest });
    view.addEventListener("scroll", () => this.#notePlace(), { passive: true });
    latest.addEventListener("click", () => this.#follow(true));
    new ResizeObserver(() => this.#follow()).observe(view);
  }

  show(turn) {
    if (turn.user) this.#showUser(turn);
    if (turn.reply) this.#showReply(turn);
    this.#follow();
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
    item.hidden = text.trim() === ""; // a cough
  }

  #showReply(turn) {
    const { heard, waiting, cut } = partsOf(turn.reply);
    const item = this.#item(turn, "assistant");
    item.dataset.final = String(turn.reply.ended);
    item.dataset.cut = String(turn.reply.cut);
    item.dataset.recalled = String(turn.reply.recalled !== null);
    write(item.querySelector(".recalled"), aboutRecall(turn.reply));
    write(item.querySelector(".heard"), heard);
    write(item.querySelector(".waiting"), waiting);
    write(item.querySelector("s"), cut);
    write(item.querySelector(".aside"), turn.reply.cut ? " (interrupted)" : "");
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

  /** The first item of a turn that came after this one: what was written down late stands before it. */
  #later({ call, turn }) {
    const items = [...this.list.children];
    return items.find(({ dataset }) => Number(dataset.call) === call && Number(dataset.turn) > turn);
  }

  #forgetOld() {
    while (this.#items.size > KEPT) {
      const [oldest, item] = this.#items.entries().next().value;
      item.remove();
      this.#items.delete(oldest);
    }
  }

  #notePlace() {
    const { scrollHeight, scrollTop, clientHeight } = this.view;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.latest.hidden = this.#atEnd;
  }

  #follow(anyway = false) {
    if (this.#atEnd || anyway) this.view.scrollTop = this.view.scrollHeight;
    this.#notePlace();
  }
}

function userItem() {
  const item = element("li", "caption");
  item.append(speaker("You"), element("span", "text"));
  return item;
}

function replyItem() {
  const item = element("li", "caption");
  item.append(
    speaker("Assistant"),
    element("span", "recalled"),
    element("span", "heard"),
    element("span", "waiting"),
    element("s", ""),
    element("span", "aside sr"),
  );
  return item;
}

function speaker(name) {
  const label = element("span", "sr");
  label.textContent = `${name}: `;
  return label;
}

function element(tag, classes) {
  const made = document.createElement(tag);
  made.className = classes;
  return made;
}

/** Writes only what differs: captions change many times a second, most of their parts do not. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
