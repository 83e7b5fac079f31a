"""Words keyframes for a model without image input: one short entry with its time, in square brackets.

Text read in the room is data: it is quoted on the entry's one line and can close neither quotation mark nor bracket.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dialogue.blocks import SceneBlock
from dialogue.memory.keyframes import Keyframe
from dialogue.prompts.prompt import on_one_line, quoted_rows
from dialogue.text.grammar import listed
from dialogue.text.labels import spoken
from dialogue.text.scene_phrases import grouped, thing

LONGEST_ENTRY, SHORTEST_ENTRY = 600, 10  # characters
MOST_THINGS = 10
MOST_CHANGES = 3  # more than that is another view
_OF_CAMERA = re.compile(r"\[[\d.]+ s camera: ")
_CHANGED = re.compile(r"; (?:new|gone): [^;\]]*")


def scene_entry(keyframe: Keyframe, longest: int = LONGEST_ENTRY) -> str:
    """ "[12.4 s camera: a person in red on the left]" or "[12.4 s text: “EXIT 42”]", with about `longest` characters
    of content."""
    kind = on_one_line(keyframe.title) or keyframe.kind
    return f"[{keyframe.at:.1f} s {kind}: {_content(keyframe, longest)}]"


def _content(keyframe: Keyframe, longest: int) -> str:
    if not keyframe.camera:
        return "off"
    if keyframe.kind == "camera":
        return _things(keyframe, longest)
    if keyframe.kind == "shown" and any(fact.kind == "object" for fact in keyframe.facts):
        read = [fact.text for fact in keyframe.facts if fact.text]
        return "; ".join(filter(None, (_things(keyframe, longest), _quoted(read, longest))))
    texts = [fact.text for fact in keyframe.facts if fact.text]
    return _quoted(texts, longest) if texts else "none in view"


def _things(keyframe: Keyframe, longest: int) -> str:
    """Things by kind, people first, light that is unusual, and what came and went."""
    groups = grouped([fact for fact in keyframe.facts if fact.kind == "object"])
    parts: list[str] = []
    for group in groups:
        if len(parts) == MOST_THINGS or sum(map(len, parts)) > longest:
            parts.append("and more")
            break
        kind = spoken(group[0].label)
        named = any(fact.name and kind not in fact.name for fact in group)
        parts.append(on_one_line(f"{thing(group)} ({kind})" if named else thing(group)))
    parts = parts or ["nothing recognised"]
    parts += [
        f"{fact.label} light" for fact in keyframe.facts if fact.kind == "light" and fact.label in ("dark", "dim")
    ]
    return "; ".join([*parts, *_changes(keyframe)])


def pictures_in_words(scenes: Sequence[SceneBlock]) -> str:
    """A line for each picture of a message."""
    contents = [_content(Keyframe("shown", scene.facts, scene.at), LONGEST_ENTRY) for scene in scenes]
    return "\n".join(f"Picture {number}: {content}." for number, content in enumerate(contents, 1))


def without_changes(entry: str) -> str:
    """An entry without what came and went: what is there now."""
    return _CHANGED.sub("", entry) if _OF_CAMERA.match(entry) else entry


def _changes(keyframe: Keyframe) -> Iterator[str]:
    for said, facts in (("new", keyframe.new), ("gone", keyframe.gone)):
        if facts and len(facts) <= MOST_CHANGES:
            yield on_one_line(f"{said}: {listed([thing(group, places=False) for group in grouped(facts)])}")


def _quoted(texts: list[str], longest: int) -> str:
    """The texts in quotation marks, as many characters as fit; the end of a long one is left out."""
    parts: list[str] = []
    room = longest
    for text in texts:
        if room <= 0:
            parts.append("and more")
            break
        line = quoted_rows(text)
        parts.append(f"“{line if len(line) <= room else line[:room].rstrip() + ' ...'}”")
        room -= len(line)
    return "; ".join(parts)
