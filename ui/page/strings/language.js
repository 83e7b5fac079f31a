/* The language of the page: the browser's, or the user's choice. Every text of the page is in strings/, once for each
   language; elements name theirs by data-text, data-label (for screen readers), data-title and data-placeholder. */

import { choose, settings } from "../settings.js";
import en from "./en.js";
import zh from "./zh.js";

export const LANGUAGES = { en, zh };

/** The texts in the present language. */
export let strings = LANGUAGES[chosen()];

const changes = new EventTarget();

/** The first of the browser's languages that the page has, unless the user chose one. */
function chosen() {
  const wanted = [settings.pageLanguage, ...(globalThis.navigator?.languages ?? [])];
  return wanted.map((tag) => String(tag).slice(0, 2).toLowerCase()).find((code) => code in LANGUAGES) ?? "en";
}

/** @param {string} code of LANGUAGES, or "" for the browser's language */
export function choosePageLanguage(code) {
  choose({ pageLanguage: code });
  strings = LANGUAGES[chosen()];
  writeTexts();
  changes.dispatchEvent(new Event("change"));
}

/** Calls `redraw` at once, and whenever the language changes. */
export function inLanguage(redraw) {
  changes.addEventListener("change", redraw);
  redraw();
}

const ATTRIBUTES = { label: "aria-label", title: "title", placeholder: "placeholder" };

/** Writes the texts of the elements that name one. */
export function writeTexts() {
  document.documentElement.lang = strings.locale;
  for (const node of named("text")) node.textContent = text(node.dataset.text);
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    for (const node of named(name)) node.setAttribute(attribute, text(node.dataset[name]));
  }
}

/** @returns {NodeListOf<HTMLElement>} */
const named = (name) => document.querySelectorAll(`[data-${name}]`);

/** Gives `node` the text `key`, in every language of the page. */
export function say(node, key) {
  node.dataset.text = key;
  node.textContent = text(key);
  return node;
}

const text = (key) => strings.page[key] ?? key;

/** A number as the language writes it. */
export const number = (value) => new Intl.NumberFormat(strings.locale).format(value);

/** A date and time as the language writes it. */
export const dateAndTime = (date) =>
  new Intl.DateTimeFormat(strings.locale, { dateStyle: "medium", timeStyle: "short" }).format(date);
