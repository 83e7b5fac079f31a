"""Words facts of the scene in a language: nouns with number and colour, places, lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.blocks import Fact
from dialogue.languages.language import Language
from dialogue.text.scene_phrases import grouped

MOST_THINGS = 5


def counted(count: int, label: str, lang: Language, colour: str = "") -> str:
    """ "两只猫", "2 gatos de color negro"; a label that the table lacks stays as it is."""
    noun = lang.nouns.get(label)
    if not lang.spaced:
        placed = lang.table["placed"]
        number = placed["numbers"][count] if count < len(placed["numbers"]) else str(count)
        measure = noun.one if noun is not None else placed["measure"]
        return str(placed["counted"]).format(number=number, measure=measure, thing=named(label, lang, colour))
    name = label if noun is None else noun.many if count > 1 else noun.one
    return _coloured(f"{count} {name}" if count > 1 or noun is None else name, label, lang, colour)


def named(label: str, lang: Language, colour: str = "") -> str:
    """The thing without a number, in the plural where there is one."""
    noun = lang.nouns.get(label)
    return _coloured(label if noun is None else noun.many, label, lang, colour)


def _coloured(name: str, label: str, lang: Language, colour: str) -> str:
    shown = lang.table["colours"].get(colour, "") if label != "person" else ""
    return str(lang.table["placed"]["coloured"]).format(thing=name, colour=shown) if shown else name


def thing(fact: Fact, lang: Language) -> str:
    """The fact with its place."""
    name = counted(fact.count, fact.label, lang, fact.colour)
    placed = lang.table["placed"]
    return str(placed["pattern"]).format(thing=name, place=placed[fact.place]) if fact.place else name


def things(facts: Sequence[Fact], lang: Language) -> str:
    """Everything as one list, people first, at most MOST_THINGS entries."""
    ordered = [fact for group in grouped(facts) for fact in group][:MOST_THINGS]
    words = [thing(fact, lang) for fact in ordered]
    if not lang.spaced and any(fact.place for fact in ordered):
        return str(lang.table["placed"]["comma"]).join(words)
    return lang.listed(words)
