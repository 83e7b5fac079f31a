"""Words facts as English phrases: noun phrases, places, quotations. Does not choose what to say."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.blocks import Distance, Fact, Place
from dialogue.text.grammar import counted, listed, number_word, with_article
from dialogue.text.labels import spoken

_PLACE = {"left": "on the left", "centre": "in the middle", "right": "on the right", "": ""}
_DISTANCE = {"near": "close to the camera", "far": "further back", "": ""}

# Limits of a spoken answer: words of quoted text, and things in one list.
MOST_QUOTED_WORDS = 60
MOST_THINGS = 5


def where(place: Place, distance: Distance = "") -> str:
    """ "on the left, close to the camera"; empty if nothing is known."""
    return ", ".join(part for part in (_PLACE[place], _DISTANCE[distance]) if part)


def quoted(text: str) -> str:
    """Text read in the room, in quotation marks that are used for nothing else: `prompt.mask_quotes` finds them."""
    inside = text.replace("“", "'").replace("”", "'")
    return f"“{' '.join(word for word in inside.split() if word != '|')}”"  # it stands between the cells of a table


def quotations(texts: Sequence[str]) -> tuple[str, bool]:
    """The texts as a spoken list, and whether any was left out: whole texts, or the end of a long first one."""
    first = texts[0].split()
    said, words = [quoted(" ".join(first[:MOST_QUOTED_WORDS]))], len(first)
    for text in texts[1:]:
        words += len(text.split())
        if words > MOST_QUOTED_WORDS:
            break
        said.append(quoted(text))
    return listed(said), len(said) < len(texts) or len(first) > MOST_QUOTED_WORDS


def noun(fact: Fact) -> str:
    """ "red cup", "tabby cat"; a person's colour is that of the clothes, which `thing` puts behind the noun."""
    return name(fact) if fact.label == "person" else f"{fact.colour} {name(fact)}".strip()


def name(fact: Fact) -> str:
    """The thing's finer name where it is sure, else the word for its label."""
    return fact.name or spoken(fact.label)


def _dressed(fact: Fact) -> str:
    return f" in {fact.colour}" if fact.label == "person" and fact.colour else ""


def grouped(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts of one label together: persons first, then near things, else in the order they came."""
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        groups.setdefault(fact.label, []).append(fact)
    return sorted(groups.values(), key=lambda group: (group[0].label != "person", group[0].distance != "near"))


def total(facts: Sequence[Fact]) -> int:
    return sum(fact.count for fact in facts)


def thing(group: Sequence[Fact], *, places: bool = True) -> str:
    """The facts of one label: "a red cup on the left", "two people, one on the left and one on the right"."""
    first = group[0]
    if len(group) == 1:
        return f"{counted(first.count, noun(first))}{_dressed(first)} {_PLACE[first.place] if places else ''}".strip()
    alike = len({(fact.name, fact.colour) for fact in group}) == 1
    whole = counted(total(group), noun(first) if alike else spoken(first.label)) + (_dressed(first) if alike else "")
    if not places or not all(fact.place for fact in group):
        return whole
    return f"{whole}, {listed([_one_of_them(fact, alike) for fact in group])}"


def _one_of_them(fact: Fact, alike: bool) -> str:
    if alike or not (fact.colour or fact.name):
        return f"{number_word(fact.count)} {_PLACE[fact.place]}"
    if fact.label == "person":
        return f"{number_word(fact.count)}{_dressed(fact)} {_PLACE[fact.place]}"
    if fact.name:
        return f"{counted(fact.count, noun(fact))} {_PLACE[fact.place]}"
    ones = f"{fact.colour} one{'s' if fact.count > 1 else ''}"
    return f"{with_article(ones) if fact.count == 1 else f'{number_word(fact.count)} {ones}'} {_PLACE[fact.place]}"


def things(facts: Sequence[Fact], *, places: bool = True) -> str:
    """Everything as one spoken list; long lists end with "and a few other things"."""
    groups = grouped(facts)
    phrases = [thing(group, places=places) for group in groups[:MOST_THINGS]]
    if len(groups) > MOST_THINGS:
        phrases.append("a few other things")
    # A list of phrases with inner commas needs an audible break.
    if len(phrases) > 1 and any("," in phrase for phrase in phrases):
        return f"{', '.join(phrases[:-1])}, and {phrases[-1]}"
    return listed(phrases)
