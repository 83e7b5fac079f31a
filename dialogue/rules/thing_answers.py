"""Answers by rule about things, from facts alone: is it there, how many, where, what colour, what is this."""

from __future__ import annotations

from collections.abc import Sequence

from dialogue.blocks import Fact
from dialogue.rules.scene_query import SceneQuery
from dialogue.text.grammar import ago, be, exactly, listed, number_word, plural, sentence, with_article
from dialogue.text.labels import Thing, spoken
from dialogue.text.plain_words import plain
from dialogue.text.scene_phrases import grouped, noun, quotations, things, total, where

# Labels of things that are not held up to a camera.
_NOT_HELD = frozenset(
    (
        *("person", "chair", "couch", "bed", "dining table", "toilet", "tv", "refrigerator", "oven", "sink", "bench"),
        *("car", "bus", "train", "truck", "boat", "airplane", "horse", "cow", "elephant", "bear", "zebra", "giraffe"),
        *("traffic light", "fire hydrant", "parking meter", "motorcycle", "microwave", "potted plant"),
    )
)
# Clothes: most likely of the main colour of the person.
_WORN = frozenset(
    ("shirt", "t-shirt", "tee shirt", "sweater", "jumper", "hoodie", "jacket", "coat", "dress", "cap", "hat", "scarf")
)


def exists(asked: SceneQuery) -> str:
    """Is there a dog."""
    question = asked.question
    if len(question.things) > 1:
        return _several_exist(asked)
    what = question.things[0]
    if not what.labels:
        return unknown_kind(asked, what)
    found = asked.in_view(what)
    if not found:
        return _not_now(asked, what, yes_or_no=True)
    here = [fact for fact in found if not question.place or fact.place == question.place]
    if not here:
        return sentence(f"not {where(question.place)}, but I see {things(found)}")
    if (finer := _finer(here, what)) is not None:
        return finer
    if not what.exact:
        doubt = "who they are" if total(here) > 1 else f"whether it is {with_article(what.said)}"
        return sentence(f"I see {things(here)}, but I can't tell {doubt}")
    return sentence(asked.pick(f"yes, I see {things(here)}", f"yes, there {be(total(here))} {things(here)}"))


def _finer(here: Sequence[Fact], what: Thing) -> str | None:
    """The answer by finer names, where those of all the things are known or one of them is the word asked for."""
    if found := [fact for fact in here if fact.name == what.said]:
        return sentence(f"yes, I see {things(found)}")
    if not all(fact.name for fact in here) or what.said == spoken(what.labels[0]) or len(what.labels) > 1:
        return None
    # The words for a label do not exclude one another as its kinds do: a cup of coffee may be a mug.
    return sentence(f"{'' if what.exact else 'no, '}I see {things(here)}")


def variety(asked: SceneQuery) -> str:
    """What kind of dog is this."""
    what = asked.question.things[0]
    found = asked.in_view(what)
    if not found:
        return _missing(asked, what)
    if names := list(dict.fromkeys(with_article(fact.name) for fact in found if fact.name)):
        return sentence(f"{'they look' if total(found) > 1 else 'it looks'} like {listed(names)} to me")
    return sentence(f"I see {things(found)}, but I can't tell what kind")


def _several_exist(asked: SceneQuery) -> str:
    found = [fact for what in asked.question.things for fact in asked.in_view(what)]
    missing = [with_article(what.said) for what in asked.question.things if not asked.in_view(what)]
    names = listed(missing, "or")
    if not found:
        return sentence(asked.pick(f"no, I don't see {names}", f"I can't see {names} right now"))
    return sentence(f"I see {things(found)}" + (f", but not {names}" if missing else ""))


def unknown_kind(asked: SceneQuery, what: Thing) -> str:
    """The answer about things outside the detector's labels."""
    many = plural(what.said)
    return asked.pick(
        f"I can't tell: I only know about eighty kinds of everyday things, and {many} are not among them.",
        f"I'm sorry, I don't know what {many} look like, so I can't tell.",
    )


def _missing(asked: SceneQuery, what: Thing) -> str:
    """The answer if there is nothing of that kind to speak of."""
    return _not_now(asked, what, yes_or_no=False) if what.labels else unknown_kind(asked, what)


def _not_now(asked: SceneQuery, what: Thing, *, yes_or_no: bool) -> str:
    """The answer if none is in view, with the time of the last one."""
    gone = [fact for fact in asked.memory.past("object") if fact.label in what.labels]
    if gone:
        none = "not right now" if yes_or_no else "I don't see any right now"
        return f"{sentence(none)} I last saw {things(gone[:1])}, {ago(asked.now - gone[0].at)}."
    name = "anyone" if what.labels == ("person",) and what.exact else with_article(what.said)
    no = "no, " if yes_or_no else ""
    return sentence(no + asked.pick(f"I don't see {name} right now", f"I can't see {name}"))


def count(asked: SceneQuery) -> str:
    """How many people."""
    question = asked.question
    what = question.things[0]
    if not what.labels:
        return asked.pick(
            f"I can't count {plural(what.said)}: I only know about eighty kinds of everyday things.",
            f"I'm sorry, {plural(what.said)} are nothing I can count.",
        )
    found = [fact for fact in asked.in_view(what) if not question.place or fact.place == question.place]
    if not found:
        none = "anyone" if what.labels == ("person",) and what.exact else f"any {plural(what.said)}"
        return sentence(asked.pick(f"I don't see {none} right now", f"I can't see {none}"))
    counts = _counts(found)
    if not what.exact:
        return sentence(f"I count {counts}, but I can't tell which of them are {plural(what.said)}")
    if len(found) > 1 and len(grouped(found)) == 1:
        return sentence(asked.pick(f"I see {things(found)}", f"there are {things(found)}"))
    return sentence(asked.pick(f"I see {counts}", f"there {be(total(found))} {counts}", f"I count {counts}"))


def _counts(found: Sequence[Fact]) -> str:
    """ "three cars", "five: three cars and two buses"."""
    groups = grouped(found)
    each = listed([exactly(total(group), spoken(group[0].label)) for group in groups])
    return each if len(groups) == 1 else f"{number_word(total(found))}: {each}"


def place(asked: SceneQuery) -> str:
    """Where is the cup."""
    what = asked.question.things[0]
    found = asked.in_view(what)
    if not found:
        return _missing(asked, what)
    if total(found) > 1:
        return sentence(f"I see {things(found)}")
    spot = ", ".join(filter(None, (where(found[0].place, found[0].distance), _beside(asked, found[0]))))
    if not spot:
        return sentence(f"I see {with_article(noun(found[0]))}, but I can't say where exactly")
    return sentence(asked.pick(f"the {what.said} is {spot}", f"I see the {what.said} {spot}"))


def size(asked: SceneQuery) -> str:
    """How big is the cat."""
    what = asked.question.things[0]
    found = asked.in_view(what)
    if not found:
        return _missing(asked, what)
    if total(found) > 1:
        return sentence(f"I can't measure things in a picture; I see {things(found)}")
    spot = where(found[0].place, found[0].distance)
    return sentence(f"I can't measure things in a picture{f'; the {what.said} is {spot}' if spot else ''}")


def _beside(asked: SceneQuery, fact: Fact) -> str:
    """ "on the table": how the only thing of its kind stands to another one."""
    known = [
        f"{kind} the {spoken(to)}"
        for label, kind, to in asked.memory.scene.relations
        if label == fact.label != to and kind not in ("left of", "right of")
    ]
    return known[0] if known else ""


def colour(asked: SceneQuery) -> str:
    """What colour is the bottle."""
    if not asked.question.things:
        held = held_up(asked)
        if len(held) == 1 and held[0].colour:
            return sentence(f"the {spoken(held[0].label)} looks {held[0].colour}")
        return sentence(_overall(asked))
    what = asked.question.things[0]
    if not what.labels:
        return _colour_of_unknown(asked, what)
    found = asked.in_view(what)
    if not found:
        return _not_now(asked, what, yes_or_no=False)
    colours = list(dict.fromkeys(fact.colour for fact in found if fact.colour))
    if not colours:
        return f"I see the {what.said}, but I can't make out its colour."
    looks = f"{'they look' if total(found) > 1 else 'it looks'} {listed(colours)}"
    if asked.question.colour:
        right = asked.question.colour in map(plain, colours)  # "grey" is "gray"
        return sentence(f"{'yes' if right else 'no'}, {looks} to me")
    return sentence(asked.pick(looks, f"{looks} to me"))


def _overall(asked: SceneQuery) -> str:
    colours = [fact.label for fact in asked.memory.present("colour")]
    return f"overall I see mostly {listed(colours[:2])}" if colours else "I can't make out a clear colour"


def _colour_of_unknown(asked: SceneQuery, what: Thing) -> str:
    if what.said == "background":
        return sentence(_overall(asked))
    worn = [fact.colour for fact in asked.people() if fact.colour]
    if len(worn) == 1 and what.said in _WORN:
        return f"I can't pick out the {what.said}, but the colour I see most on you is {worn[0]}."
    return sentence(f"I can't pick out the {what.said}, but {_overall(asked)}")


def held_up(asked: SceneQuery) -> list[Fact]:
    """The things most likely held up to the camera, best first."""
    small = [fact for fact in asked.memory.present("object") if fact.label not in _NOT_HELD]
    near = [fact for fact in small if fact.distance == "near"] or small
    return sorted(near, key=lambda fact: fact.place != "centre")


def holding(asked: SceneQuery) -> str:
    """What is this."""
    held = held_up(asked)
    if len(held) == 1 and held[0].count == 1:
        name = with_article(noun(held[0]))
        return sentence(asked.pick(f"that looks like {name}", f"I think that's {name}", f"it looks like {name} to me"))
    if held:
        return sentence(f"I'm not sure which you mean. I see {things(held, places=False)}")
    if texts := asked.texts():
        return sentence(f"I don't know the object, but it says {quotations(texts)[0]}")
    return asked.pick(
        "I can't make out what that is. I only know about eighty kinds of everyday things.",
        "I don't recognise it; there are only about eighty kinds of things I know.",
    )
