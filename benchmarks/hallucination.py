"""Measures what is affirmed that is not there, in the style of POPE (Li et al., 2023), and what is there and affirmed.

Pictures are made of annotated sample photos. Each is seen as in a call, in several looks with noise, and asked about in
words ("Is there a dog?"): about what it shows, and about kinds that it does not show. Those are, a third each, random
ones, popular ones, and ones that often go with what is there. The rules answer from the scene. "I see a person, but I
can't tell whether it is a woman" is neither yes nor no and counts as not affirmed.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.clips.composites import Annotated, composite, sample_photos
from benchmarks.clips.models import vision_models
from benchmarks.report import benchmark_parser, report
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from dialogue.text.grammar import with_article
from dialogue.text.labels import spoken
from stream.perception.seen_scene import scene_block
from vision.detect import KINDS
from vision.picture import Picture
from vision.seeing.look import SceneUpdate, VisionModels

LOOKS = 5
LOOK_S = 0.5
GRAIN = 3.0
POPULAR = (
    "person",
    "chair",
    "car",
    "dining table",
    "cup",
    "bottle",
    "book",
    "tv",
    "laptop",
    "cell phone",
    "dog",
    "cat",
)
OFTEN_WITH = {
    "person": ("chair", "handbag", "cell phone", "dog", "book", "couch"),
    "cup": ("laptop", "bottle", "person", "cake", "wine glass", "book"),
    "cat": ("dog", "couch", "bed", "teddy bear", "person", "bowl"),
    "motorcycle": ("person", "bus", "traffic light", "backpack", "train"),
}


def absent(picture: Annotated, each: int, random: Random) -> list[str]:
    """Kinds that the picture does not show: `each` random ones, popular ones, and ones that often go with the rest."""
    barred = picture.shows | picture.perhaps
    near = [kind for shown in sorted(picture.shows) for kind in OFTEN_WITH[shown]]
    chosen: list[str] = []
    for pool in (KINDS, POPULAR, near):
        free = sorted({kind for kind in pool if kind not in barred and kind not in chosen})
        chosen += random.sample(free, min(each, len(free)))
    return chosen


def seen(picture: Annotated, models: VisionModels, random: np.random.Generator) -> SceneMemory:
    """What a call remembers after some looks at the picture."""
    look, memory = SceneUpdate(), SceneMemory()
    for number in range(LOOKS):
        noise = random.normal(0, GRAIN, picture.rgb.shape)
        rgb = np.clip(picture.rgb + noise, 0, 255).astype(np.uint8)
        models.glance(look, Picture(rgb, number * LOOK_S))
    memory.see(scene_block(look, (LOOKS - 1) * LOOK_S))
    return memory


def affirmed(kind: str, memory: SceneMemory) -> bool:
    question = scene_question(f"Is there {with_article(spoken(kind))}?")
    assert question is not None, f"A {kind} cannot be asked about."
    return answer(question, memory, memory.scene.at).text.startswith("Yes")


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--pictures", type=int, default=60, help="pictures to make (default 60)")
    parser.add_argument("--each", type=int, default=4, help="absent kinds of each third a picture (default 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the pictures (default 1)")
    options = parser.parse_args()
    random, noise, photos = Random(options.seed), np.random.default_rng(options.seed), sample_photos()
    models = vision_models()
    asked, yes = Counter[bool](), Counter[bool]()
    wrong, missed = Counter[str](), Counter[str]()
    for _ in range(options.pictures):
        picture = composite(photos, random)
        memory = seen(picture, models, noise)
        questions = [(kind, True) for kind in sorted(picture.shows)]
        questions += [(kind, False) for kind in absent(picture, options.each, random)]
        for kind, there in questions:
            said_yes = affirmed(kind, memory)
            asked[there] += 1
            yes[there] += said_yes
            wrong[kind] += said_yes and not there
            missed[kind] += there and not said_yes
    print("affirmed, though absent:", dict(+wrong), "\nthere, but not affirmed:", dict(+missed))
    figures = {"false_yes": yes[False] / asked[False], "true_yes": yes[True] / asked[True]}
    report(figures | {"absent_asked": asked[False], "present_asked": asked[True]}, options.json)


if __name__ == "__main__":
    main()
