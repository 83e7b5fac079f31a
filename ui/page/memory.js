/* The memory page: lists what calls have left, newest first; searches and deletes it. */

import { authorization, takeTokenFromAddress } from "./call/token.js";
import { dateAndTime, number, strings, writeTexts } from "./strings/language.js";

/** @type {(id: string) => any} */
const by = (id) => document.getElementById(id);

let words = ""; // of the search that is shown
let oldest = null; // number of the last line that is shown
let count = 0;

async function ask(path, method = "GET") {
  const response = await fetch(path, { method, headers: authorization() }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  by("trouble").hidden = response?.ok === true;
  if (response?.ok) return answer;
  by("trouble").textContent = response?.status === 401 ? strings.memory.noToken : (answer?.error?.message ?? strings.memory.unreachable);
  return null;
}

/** Lists the first lines, or those after the last one that is shown. */
async function show({ further = false } = {}) {
  const query = new URLSearchParams({ words, ...(further ? { before: oldest } : {}) });
  const found = await ask(`/memory/lines?${query}`);
  if (!found) return;
  if (!further) by("lines").replaceChildren();
  by("lines").append(...found.lines.map(line));
  oldest = found.lines.at(-1)?.number ?? oldest;
  by("more").hidden = !found.more;
  counted(found.count);
  document.documentElement.dataset.ready = "true";
}

function counted(now) {
  count = now;
  by("count").textContent = count === 0 ? strings.memory.nothing(words) : strings.memory.count(number(count), words);
  by("delete-all").hidden = count === 0;
  by("delete-all").textContent = words ? strings.memory.deleteFound(number(count)) : strings.memory.deleteAll;
}

function line({ number, kind, at, text }) {
  const item = document.createElement("li");
  item.dataset.kind = kind;
  const when = document.createElement("time");
  when.dateTime = at;
  when.textContent = dateAndTime(new Date(at));
  const who = document.createElement("span");
  who.className = "who";
  who.textContent = strings.memory.kinds[kind] ?? kind;
  const what = document.createElement("p");
  what.textContent = text;
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "icon";
  remove.textContent = "×";
  remove.title = strings.page.delete;
  remove.setAttribute("aria-label", strings.memory.deleteLine(text.slice(0, 60)));
  remove.addEventListener("click", async () => {
    if (!(await ask(`/memory/lines/${number}`, "DELETE"))) return;
    item.remove();
    counted(count - 1);
  });
  item.append(who, " ", when, what, remove);
  return item;
}

by("search").addEventListener("submit", (event) => {
  event.preventDefault();
  words = by("words").value.trim();
  show();
});
by("more").addEventListener("click", () => show({ further: true }));
by("delete-all").addEventListener("click", () => {
  by("sure-title").textContent = strings.memory.sure(by("delete-all").textContent);
  by("sure").returnValue = "";
  by("sure").showModal();
});
by("sure").addEventListener("close", async () => {
  if (by("sure").returnValue !== "delete") return;
  await ask(`/memory/lines?${new URLSearchParams(words ? { words } : { all: "true" })}`, "DELETE");
  show();
});

takeTokenFromAddress();
writeTexts();
show();
