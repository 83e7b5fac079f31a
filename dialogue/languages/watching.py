"""Watching and describing in a language with a `watch` table: requests, and what is said when something comes true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dialogue.blocks import SceneBlock
from dialogue.languages.language import ENGLISH, Language, language
from dialogue.languages.questions import place_in
from dialogue.languages.seen import counted, named, things
from dialogue.languages.spans import number_of, span
from dialogue.text.grammar import sentence
from dialogue.text.labels import ANIMATE
from dialogue.text.scene_phrases import quoted
from dialogue.watching.condition import Condition
from dialogue.watching.narration import News
from dialogue.watching.watch_talk import MOST_RULES, Watches, watch_answer
from dialogue.watching.watcher import CameTrue

_LONGEST, _LONGEST_SPACED = 60, 120  # characters of a request


def watching_answer(text: str, code: str, watches: Watches, scene: SceneBlock) -> str | None:
    """Does what is asked about watching and describing in `text`, in the language `code`, and returns what is said;
    None if it is about something else."""
    if code == ENGLISH:
        return watch_answer(text, watches, scene)
    lang = language(code)
    table = lang.table.get("watch")
    if table is None or len(text) > (_LONGEST_SPACED if lang.spaced else _LONGEST):
        return None
    words = lang.plain(text)
    if any(re.search(pattern, words) for pattern in table["stop"]):
        return _stop(lang, watches)
    if any(re.search(pattern, words) for pattern in table["list"]):
        return _list(watches, lang)
    for on in (False, True):
        if any(re.search(pattern, words) for pattern in table["narrate" if on else "quiet"]):
            return _narrate(on, lang, watches)
    condition = _condition(text, lang, table)
    return _add(condition, bool(re.search(table["every"], words)), lang, watches) if condition is not None else None


def came_true_in(news: CameTrue, lang: Language, passed_s: float = 0.0) -> str:
    """The sentence that says that a rule came true, `passed_s` ago; in English where the language has no words for
    it."""
    condition = news.rule.condition
    say = lang.table["watch"]["say"] if "watch" in lang.table else {}
    if condition.kind not in say:
        return sentence(news.said)
    animate = bool(condition.labels) and set(condition.labels) <= ANIMATE
    key = "came" if condition.kind == "appears" and animate else condition.kind
    of_place = condition.place if condition.kind == "place" else "" if news.place == "centre" else news.place
    text = quoted(news.text or condition.text) if news.text or condition.text else ""
    label = condition.labels[0] if condition.labels else ""
    said = _without_gaps(
        str(say[key]).format(
            thing=named(label, lang, condition.colour) if label else "",
            things=counted(condition.number, label, lang, condition.colour) if label else "",
            place=lang.table["placed"][of_place] if of_place else "",
            text=text,
        )
    )
    return f"{str(say['late']).format(span=span(passed_s, lang)) if passed_s else ''}{said}"


def news_in(news: tuple[News, ...], lang: Language, scene: SceneBlock) -> str:
    """The sentence that describes what has changed; in English words where the language has none."""
    say = lang.table["watch"]["say"] if "watch" in lang.table else None
    if say is None:
        return ", ".join(each.words for each in news if each.words)
    said = []
    for each in news:
        kind, name = each.key
        if not each.words:
            continue
        if kind == "everything":
            seen = [fact for fact in scene.facts if fact.kind == "object"]
            said.append(lang.say("describe", things=things(seen, lang)) if seen else "")
        elif kind == "thing":
            words = {"things": counted(each.value, name, lang)} if each.value else {"thing": named(name, lang)}
            said.append(say["now" if each.value else "leaves"].format(**words))
        elif kind == "near":
            said.append(say["approaches"].format(thing=named(name, lang)))
        elif kind == "text":
            said.append(say["text"].format(text=quoted(name)))
        else:
            said.append(say[{"dark": ("light", "dark"), "camera": ("camera_off", "camera_on")}[kind][each.value]])
    clauses = [_without_gaps(each).rstrip("。.") for each in said if each]
    if not lang.spaced:
        return f"{'，'.join(clauses)}。"
    return f"{', '.join([*clauses[:1], *(each[:1].lower() + each[1:] for each in clauses[1:])])}."


def _without_gaps(said: str) -> str:
    """A sentence without the space before its end that an empty value leaves."""
    return re.sub(r" +([.,])", r"\1", said)


def _condition(text: str, lang: Language, table: Mapping[str, Any]) -> Condition | None:
    as_said, plain = text if lang.spaced else re.sub(r"\s", "", text), lang.plain(text)
    colour, (words, labels) = _without_colour(*lang.masked(plain), lang)
    for kind, patterns in table["when"].items():
        for pattern in patterns:
            whole = pattern.replace("{then}", table["then"])
            found = re.search(whole, words if "@" in whole else as_said if "“" in whole else plain)
            if found is None:
                continue
            named_things = found.groupdict()
            if "thing" not in named_things:
                return Condition(kind, text=named_things.get("text") or "")
            label = labels[words[: found.end("thing")].count("@") - 1]
            number = number_of(named_things.get("number") or "1", lang)
            place = place_in(named_things.get("place") or "", lang)
            return Condition(kind, (label,), label, colour, place, int(number or 1))
    return None


def _without_colour(words: str, labels: list[str], lang: Language) -> tuple[str, tuple[str, list[str]]]:
    """The colour that is named before a masked thing, in Chinese, or behind it, and the words without it."""
    for colour, said in lang.table["colours"].items():
        if lang.spaced:
            pattern = rf"(?<=@) (?:\w+ color )?{lang.plain(said).rstrip('oa')}\w{{0,2}}\b"
        else:
            pattern = rf"{said.removesuffix('色')}色?的?(?=@)"
        if (found := re.search(pattern, words)) is not None:
            return colour, (words[: found.start()] + words[found.end() :], labels)
    return "", (words, labels)


def _add(condition: Condition, every: bool, lang: Language, watches: Watches) -> str:
    say = lang.table["watch"]["say"]
    if not watches.possible:
        return str(say["unable"])
    if any(rule.condition == condition and rule.every_time == every for rule in watches.rules):
        return str(say["already"])
    if len(watches.rules) >= MOST_RULES:
        return str(say["too_many"])
    watches.add(condition, every)
    return str(say["promise"])


def _stop(lang: Language, watches: Watches) -> str | None:
    if not watches.rules:
        return None
    watches.remove([rule.number for rule in watches.rules])
    return str(lang.table["watch"]["say"]["stopped"])


def _narrate(on: bool, lang: Language, watches: Watches) -> str | None:
    say = lang.table["watch"]["say"]
    if not on and not watches.narrating:
        return None
    if not watches.possible:
        return str(say["unable"])
    watches.narrate(on)
    return str(say["narrating" if on else "quiet"])


def _list(watches: Watches, lang: Language) -> str:
    say = lang.table["watch"]["say"]
    return str(say["watching"]).format(count=len(watches.rules)) if watches.rules else str(say["watching_none"])
