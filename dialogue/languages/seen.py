"""Words facts of the scene in a language: nouns with number and colour, places, lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.blocks import Fact
from dialogue.languages.language import Language
from dialogue.text.scene_phrases import grouped

MOST_THINGS = 5
_HAN_COUNTS = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")


def counted(count: int, label: str, lang: Language, colour: str = "") -> str:
    """ "两只猫", "2 gatos de color negro"; a label that the table lacks stays as it is."""
    noun = lang.nouns.get(label)
    name = label if noun is None else noun.many if count > 1 or not lang.spaced else noun.one
    shown = lang.table["colours"].get(colour, "") if label != "person" else ""
    if not lang.spaced:
        name = lang.table["placed"]["coloured"].format(thing=name, colour=shown) if shown else name
        number = _HAN_COUNTS[count] if count < len(_HAN_COUNTS) else str(count)
        return f"{number}{noun.one if noun is not None else '个'}{name}"
    name = f"{count} {name}" if count > 1 or noun is None else name
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
        return "，".join(words)
    return lang.listed(words)
