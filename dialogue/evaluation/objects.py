"""Object HalBench (Rohrbach et al. 2018, as RLHF-V asks it): the share of descriptions with a thing that is not there.

The makers have a language model extract the things from a description; here they are found as words, the 80 kinds of
COCO in their usual names. So the figure is near theirs, not the same. What is there stands in the lines ("objects"), or
in COCO's `instances_val2014.json` beside them.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput
from dialogue.evaluation.benchmark import BenchmarkItem, Scored
from dialogue.evaluation.files import found, lines
from dialogue.text.labels import find_things
from dialogue.text.plain_words import plain

INSTANCES = "instances_val2014.json"


def object_items(data: Path) -> Iterator[BenchmarkItem]:
    path = found(data, "obj_halbench*.jsonl", "*.jsonl")
    there = _instances(path.parent / INSTANCES)
    for number, line in enumerate(lines(path)):
        picture = line.get("image_id", line.get("org_idx", number))
        objects = line.get("objects") or sorted(there.get(int(picture), ()))
        if not objects:
            raise BadInput(f"{path}: what is in picture {picture} is not known; put {INSTANCES} beside it.")
        asked = line.get("question") or "Please describe this image in detail."
        yield BenchmarkItem(str(picture), asked, objects, "", (base64.b64decode(line["image"]),))


def object_score(item: BenchmarkItem, answer: str) -> tuple[float, ...]:
    """(a thing is named that is not there, things that are not there, things named)."""
    named = [set(thing.labels) for thing in find_things(plain(answer)) if thing.labels]
    absent = sum(not labels & set(item.expected) for labels in named)
    return float(absent > 0), float(absent), float(len(named))


def hallucinated(scored: Sequence[Scored]) -> float:
    """The share of descriptions that name a thing which is not there, of those that name any, in percent."""
    naming = [each for each in scored if each.score[2]]
    return 100 * sum(each.score[0] for each in naming) / len(naming) if naming else 0.0


def _instances(path: Path) -> dict[int, set[str]]:
    if not path.is_file():
        return {}
    annotations: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    names = {each["id"]: each["name"] for each in annotations["categories"]}
    there = defaultdict[int, set[str]](set)
    for each in annotations["annotations"]:
        there[each["image_id"]].add(names[each["category_id"]])
    return there
