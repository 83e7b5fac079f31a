"""Answers about what the camera showed earlier, from remembered facts and their times. By rule."""

from __future__ import annotations

from dialogue.blocks import Fact
from dialogue.rules.rule_answer import RuleAnswer
from dialogue.rules.scene_query import SceneQuery
from dialogue.text.grammar import ago, exactly, listed, sentence, with_article
from dialogue.text.labels import spoken
from dialogue.text.scene_phrases import quotations, quoted, things

# Two things first seen so close together were seen at the same time.
_TOGETHER_S = 3.0


def answer(asked: SceneQuery) -> RuleAnswer | None:
    """What is remembered; None where the present can answer as well as the past."""
    match asked.question.kind:
        case "read":
            return _read(asked)
        case "describe" | "holding":
            return _described(asked)
        case "exists" | "where" | "count" | "colour" if asked.question.things and asked.question.things[0].labels:
            return _thing(asked)
        case "who" | "alone":
            return _who(asked)
        case _:
            return None


def last_text(asked: SceneQuery) -> RuleAnswer | None:
    """What was read most recently and is gone: "A moment ago I read ..."."""
    gone = asked.memory.past("text")
    if not gone:
        return None
    return RuleAnswer(sentence(f"{ago(asked.now - gone[0].at)} I read {quoted(gone[0].text)}"), gone[0].at)


def _read(asked: SceneQuery) -> RuleAnswer:
    ever = asked.memory.ever("text")
    if not ever:
        return RuleAnswer("I haven't read any text so far.")
    if asked.question.when == "first":
        first = [fact.text for fact in ever if fact.since <= ever[0].since + _TOGETHER_S]
        said = f"at the beginning, {ago(asked.now - ever[0].since)}, it said {quotations(first)[0]}"
        return RuleAnswer(sentence(said), ever[0].since)
    gone = asked.memory.past("text")
    if gone:
        together = [fact.text for fact in gone if fact.at >= gone[0].at - _TOGETHER_S]
        return RuleAnswer(sentence(f"{ago(asked.now - gone[0].at)} it said {quotations(together)[0]}"), gone[0].at)
    said = f"it said {quotations([fact.text for fact in ever])[0]}, and it still does"
    return RuleAnswer(sentence(said), ever[0].since)


def _described(asked: SceneQuery) -> RuleAnswer:
    if asked.question.when == "first":
        ever = asked.memory.ever("object")
        seen = [fact for fact in ever if fact.since <= ever[0].since + _TOGETHER_S]
        if not seen:
            return _nothing(asked)
        said = f"at first, {ago(asked.now - ever[0].since)}, I saw {things(seen)}"
        return RuleAnswer(sentence(said), ever[0].since)
    gone, texts = asked.memory.past("object"), asked.memory.past("text")
    parts = [f"I saw {things(gone)}"] if gone else []
    parts += [f"I read {quotations([fact.text for fact in texts][:3])[0]}"] if texts else []
    if not parts:
        return _nothing(asked)
    return RuleAnswer(sentence(f"earlier {listed(parts)}"), max(fact.at for fact in (*gone, *texts)))


def _who(asked: SceneQuery) -> RuleAnswer:
    """Faces are not remembered; that somebody was there is."""
    people = [fact for fact in asked.memory.past("object") if fact.label == "person"]
    if not people:
        return RuleAnswer("I don't remember faces, so I can't say who was there.")
    when = ago(asked.now - people[0].at)
    said = f"I don't remember faces, but {when} I saw {exactly(people[0].count, 'person')}."
    return RuleAnswer(said, people[0].at)


def _nothing(asked: SceneQuery) -> RuleAnswer:
    if not asked.memory.ever("object") and not asked.memory.ever("text"):
        return RuleAnswer("I haven't seen anything I recognise so far.")
    return RuleAnswer("The same as now, as far as I noticed.")


def _thing(asked: SceneQuery) -> RuleAnswer:
    what = asked.question.things[0]
    now = asked.in_view(what)
    gone = [fact for fact in asked.memory.past("object") if fact.label in what.labels]
    yes_or_no = asked.question.kind == "exists"
    if gone:
        return RuleAnswer(_gone(asked, gone[0]), gone[0].at)
    if now:
        return RuleAnswer(sentence(f"{'yes, and ' if yes_or_no else ''}I still see {things(now)}"))
    name = "anyone" if what.labels == ("person",) and what.exact else with_article(what.said)
    return RuleAnswer(sentence(f"{'no, ' if yes_or_no else ''}I haven't seen {name} so far"))


def _gone(asked: SceneQuery, fact: Fact) -> str:
    when = ago(asked.now - fact.at)
    match asked.question.kind:
        case "count":
            return sentence(f"I last saw {exactly(fact.count, spoken(fact.label))}, {when}")
        case "colour":
            looked = f"it looked {fact.colour}" if fact.colour else "I couldn't make out its colour"
            return sentence(f"I last saw it {when}, and {looked}")
        case kind:
            return sentence(f"{'yes, ' if kind == 'exists' else ''}I last saw {things([fact])}, {when}")
