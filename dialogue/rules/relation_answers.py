"""Answers by rule about how things stand to each other, from relations that vision found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dialogue.rules.description import describe
from dialogue.rules.scene_query import SceneQuery
from dialogue.rules.thing_answers import exists
from dialogue.text.grammar import listed, sentence, with_article
from dialogue.text.labels import Thing, spoken


def related(asked: SceneQuery) -> str:
    """Is the cup on the table; what is on the table."""
    *subject, other = asked.question.things
    if subject and not asked.in_view(subject[0]):
        return exists(replace(asked, question=replace(asked.question, things=(subject[0],))))
    if not asked.in_view(other):
        return exists(asked) if subject else describe(asked.memory, seed=asked.seed)
    return _whether(asked, subject[0], other) if subject else _what(asked, other)


def _whether(asked: SceneQuery, thing: Thing, other: Thing) -> str:
    relation = asked.question.relation
    if _labels(asked, thing.labels, relation, other):
        return sentence(f"yes, the {thing.said} is {relation} the {other.said}")
    opposite = {"left of": "right of", "right of": "left of"}.get(relation, "")
    if opposite and _labels(asked, thing.labels, opposite, other):
        return sentence(f"no, the {thing.said} is {opposite} the {other.said}")
    return sentence(f"I see the {thing.said} and the {other.said}, but I can't tell whether it is {relation} it")


def _what(asked: SceneQuery, other: Thing) -> str:
    relation = asked.question.relation
    found = _labels(asked, None, relation, other)
    if not found:
        return f"I can't tell what is {relation} the {other.said}. {describe(asked.memory, seed=asked.seed)}"
    return sentence(f"{relation} the {other.said} I see {listed([with_article(spoken(label)) for label in found])}")


def _labels(asked: SceneQuery, labels: Sequence[str] | None, relation: str, other: Thing) -> list[str]:
    """The kinds, of `labels` or any, that stand so to the other thing."""
    return list(
        dict.fromkeys(
            label
            for label, kind, to in asked.memory.scene.relations
            if kind == relation and to in other.labels and (labels is None or label in labels)
        )
    )
