/* The language and the voice of the call: lists from /voices, the user's choice, and a sample of each voice. */

import { authorization } from "../call/token.js";
import { choose, settings } from "../settings.js";
import { inLanguage, strings } from "../strings/language.js";
import { soundContext } from "./levels.js";

const AUTO = "auto";

export class Voices {
  #languages = []; // {code, name, voices}
  #spoken = ""; // the language of the call now

  /**
   * @param {{box: HTMLElement, language: HTMLSelectElement, voice: HTMLSelectElement, hear: HTMLElement, trouble: HTMLElement}} nodes
   * @param {(message: object) => void} send
   */
  constructor(nodes, send) {
    this.nodes = nodes;
    this.send = send;
    nodes.language.addEventListener("change", () => this.#chooseLanguage(nodes.language.value));
    nodes.voice.addEventListener("change", () => this.#chooseVoice(nodes.voice.value));
    nodes.hear.addEventListener("click", () => this.#sample(nodes.voice.value));
    inLanguage(() => this.#draw());
  }

  /** Asks the server what there is; nothing is shown where it speaks one language with one voice. */
  async refresh() {
    const found = await fetch("/voices", { headers: authorization() })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null);
    this.#languages = found?.languages ?? this.#languages;
    this.#draw();
  }

  /** Sends the choices of the user, at the beginning of a call. */
  report() {
    if (settings.language !== AUTO) this.send({ type: "language", language: settings.language });
    for (const voice of Object.values(settings.voices)) this.send({ type: "voice", voice });
  }

  /** Takes the server's `language` message. */
  follow({ language }) {
    this.#spoken = language;
    this.#draw();
  }

  /** The name of a language in that language. */
  nameOf(code) {
    return this.#languages.find((language) => language.code === code)?.name ?? code;
  }

  /** The language whose voices are offered: the chosen one, that of the call, or that of the page. */
  get #offered() {
    const wanted = settings.language === AUTO ? this.#spoken || strings.locale.slice(0, 2) : settings.language;
    return this.#languages.find(({ code }) => code === wanted) ?? this.#languages[0];
  }

  #draw() {
    const { box, language, voice } = this.nodes;
    box.hidden = this.#languages.length < 2;
    if (box.hidden) return;
    const names = new Map(this.#languages.map(({ code, name }) => [code, name]));
    const spoken = names.get(this.#spoken);
    const first = new Option(spoken ? strings.languages.spoken(spoken) : strings.languages.auto, AUTO);
    language.replaceChildren(first, ...this.#languages.map(({ code, name }) => new Option(name, code)));
    language.value = names.has(settings.language) ? settings.language : AUTO;
    const { code, voices } = this.#offered;
    voice.replaceChildren(...voices.map((name) => new Option(labelOf(name), name)));
    voice.value = voices.includes(settings.voices[code]) ? settings.voices[code] : voices[0];
  }

  #chooseLanguage(language) {
    choose({ language });
    this.send({ type: "language", language });
    this.#draw();
  }

  #chooseVoice(voice) {
    choose({ voices: { ...settings.voices, [this.#offered.code]: voice } });
    this.send({ type: "voice", voice });
  }

  async #sample(voice) {
    const { trouble } = this.nodes;
    const response = await fetch(`/voices/${voice}`, { headers: authorization() }).catch(() => null);
    trouble.hidden = response?.ok === true;
    if (!response?.ok) {
      trouble.textContent = response?.status === 409 ? strings.languages.notFetched : strings.languages.noSample;
      return;
    }
    const context = soundContext();
    const player = context.createBufferSource();
    player.buffer = await context.decodeAudioData(await response.arrayBuffer());
    player.connect(context.destination);
    player.start();
  }
}

/** "zf_xiaoxiao": the language, f for a woman's voice, and a name. */
function labelOf(voice) {
  const [kind, name] = voice.split("_");
  if (!name) return strings.languages.fast;
  const called = name.charAt(0).toUpperCase() + name.slice(1);
  return kind.endsWith("f") ? strings.languages.woman(called) : strings.languages.man(called);
}
