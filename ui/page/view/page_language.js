/* The list of the page's languages. */

import { settings } from "../settings.js";
import { choosePageLanguage, inLanguage, LANGUAGES, strings } from "../strings/language.js";

/** @param {HTMLSelectElement} select */
export function offerPageLanguages(select) {
  select.addEventListener("change", () => choosePageLanguage(select.value));
  inLanguage(() => {
    const own = Object.entries(LANGUAGES).map(([code, { name }]) => new Option(name, code));
    select.replaceChildren(new Option(strings.page.likeBrowser, ""), ...own);
    select.value = settings.pageLanguage;
  });
}
