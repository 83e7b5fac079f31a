/* Every text of the page exists in every language, once, and in strings/ only. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { define, load, MemoryStorage } from "./storage.js";

const PAGE = fileURLToPath(new URL("../../../ui/page/", import.meta.url));
const KEYS_OF_SERVER = new Set(["notices", "reasons"]); // the server's own words are English
const files = (end) => readdirSync(PAGE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(end));
const read = (name) => readFileSync(PAGE + name, "utf8");

define("localStorage", new MemoryStorage());
const inLanguages = async (...languages) => {
  define("navigator", { languages });
  return load("strings/language.js");
};
const { LANGUAGES } = await inLanguages("en");

/** "devices.refused(1)": each text with its place, and how many values it takes. */
function places(texts, path = "") {
  if (typeof texts !== "object") return [typeof texts === "function" ? `${path}(${texts.length})` : path];
  return Object.entries(texts).flatMap(([key, text]) => (path === "" && KEYS_OF_SERVER.has(key) ? [] : places(text, path ? `${path}.${key}` : key)));
}

test("the languages have the same texts, with the same values, and none is empty", () => {
  const [first, ...others] = Object.values(LANGUAGES);
  for (const other of others) assert.deepEqual(places(other).sort(), places(first).sort());
  for (const texts of Object.values(LANGUAGES)) for (const text of Object.values(texts.page)) assert.ok(text.trim());
});

test("every text that an element names exists, and every text of an element is named", () => {
  const named = new Set();
  for (const name of files(".html")) {
    for (const [, key] of read(name).matchAll(/data-(?:text|label|title|placeholder)="(\w+)"/g)) named.add(key);
  }
  const code = files(".js").filter((name) => !name.startsWith("strings")).map(read).join("\n") + read("strings/language.js");
  for (const key of named) assert.ok(key in LANGUAGES.en.page, `${key} has no text`);
  for (const key of Object.keys(LANGUAGES.en.page)) {
    assert.ok(named.has(key) || new RegExp(`page\\.${key}\\b|"${key}"`).test(code), `${key} is not used`);
  }
});

test("no text stands in the markup, apart from those for browsers that run no modules", () => {
  for (const name of files(".html")) {
    const markup = read(name).replace(/<p id="unsupported">.*<\/p>|<noscript>.*<\/noscript>|<title>omnilive<\/title>|<kbd>.*?<\/kbd>/g, "");
    const texts = [...markup.matchAll(/>([^<>]+)</g)].map(([, text]) => text.trim());
    assert.deepEqual(texts.filter((text) => /[a-z]{2}/i.test(text) && text !== "omnilive"), [], name);
    assert.doesNotMatch(markup, / (?:aria-label|title|placeholder|alt)="[^"]/, name);
  }
});

test("no sentence stands in the code outside strings/", () => {
  for (const name of files(".js").filter((one) => !one.startsWith("strings"))) {
    const code = read(name).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|console\.\w+\(.*$|`Bearer .*$/gm, "");
    assert.deepEqual(code.match(/["`][A-Z][a-z]+[ .,:…][^"`]*["`]/g) ?? [], [], name);
  }
});

test("the page is in the browser's language, or the user's", async () => {
  assert.equal((await inLanguages("zh-TW", "en")).strings.locale, "zh-CN");
  assert.equal((await inLanguages("fr", "zh")).strings.locale, "zh-CN");
  assert.equal((await inLanguages("fr")).strings.locale, "en");
  define("navigator", { languages: ["en-GB"] });
  const { settings } = await import("../../../ui/page/settings.js");
  settings.pageLanguage = "zh";
  assert.equal((await load("strings/language.js")).strings.locale, "zh-CN");
  settings.pageLanguage = "";
});

test("numbers and dates are written as the language writes them", async () => {
  const { dateAndTime, number } = await inLanguages("zh");
  assert.equal(number(12345), "12,345");
  assert.match(dateAndTime(new Date(2026, 10, 30, 9, 5)), /2026年11月30日 09:05/);
});
