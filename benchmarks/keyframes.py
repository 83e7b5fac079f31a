"""Measures the choice of pictures: answers and picture tokens, beside one picture a second.

Seven clips are drawn (slides, a desk where things come and go, a walk, a shaking hand, a static room for ten minutes,
lights switched, scrolling text), eight frames a second at 1280x720 with noise. Both ways feed pictures to the same
vision: detector and reader study each picture, and the rules answer the scripted questions from what was fed so far.
Our choice is asked for a fresh picture at each question, as in a call; the fixed way has the newest of its pictures.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.clips.clip import GRAIN, HEIGHT, WIDTH, Clip, ClipQuestion
from benchmarks.clips.made import clips
from benchmarks.clips.models import vision_models
from benchmarks.report import benchmark_parser, report
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.scene_answers import answer
from dialogue.rules.scene_questions import scene_question
from stream.perception.seen_scene import scene_block
from vision.frames.sampling import FrameChooser
from vision.picture import Picture
from vision.seeing.look import SceneUpdate, VisionModels

FPS = 8
FIXED_S = 1.0
UNSTUDIED_S = 100.0  # the fixed way's pictures of a longer clip are studied only in the seconds before a question
BEFORE_S = 4.0


class Viewer:
    """Vision and rules that know the pictures they were shown, and nothing else."""

    def __init__(self, models: VisionModels) -> None:
        self._models, self._look, self._memory = models, SceneUpdate(), SceneMemory()
        self.pictures = 0

    def show(self, picture: Picture) -> None:
        self.pictures += 1
        self._models.study(picture, self._look)
        self._memory.see(scene_block(self._look, picture.at))

    def answer(self, asked: ClipQuestion) -> str:
        question = scene_question(asked.question)
        assert question is not None, f"{asked.question} is not known as a question about the scene."
        return answer(question, self._memory, asked.at).text


def frames(clip: Clip) -> Iterator[Picture]:
    """The clip as a camera sends it: eight frames a second, with noise."""
    random = np.random.default_rng(7)
    noise = [random.normal(0, GRAIN, (HEIGHT, WIDTH, 3)).round().astype(np.int16) for _ in range(5)]
    for number in range(round(clip.seconds * FPS)):
        at = number / FPS
        rgb = np.clip(clip.view(at).astype(np.int16) + noise[number % len(noise)], 0, 255).astype(np.uint8)
        yield Picture(rgb, at)


class Run:
    """One clip, seen in both ways."""

    def __init__(self, clip: Clip, models: VisionModels) -> None:
        self._clip, self._ours, self._fixed = clip, Viewer(models), Viewer(models)
        self._waiting = list(clip.asked)
        self.fixed_pictures = 0
        self.right_ours = self.right_fixed = 0
        self.choosing_s = list[float]()

    @property
    def pictures(self) -> int:
        return self._ours.pictures

    def play(self, talkative: bool) -> None:
        chooser = FrameChooser()
        for picture in frames(self._clip):
            due = [asked for asked in self._waiting if asked.at <= picture.at]
            if picture.at >= self.fixed_pictures * FIXED_S:
                self.fixed_pictures += 1
                if self._is_studied(picture.at):
                    self._fixed.show(picture)
            began = time.thread_time()
            choice = chooser.offer(picture, picture.at, asked=bool(due))
            self.choosing_s.append(time.thread_time() - began)
            if choice.shown is not None:
                self._ours.show(choice.shown)
            for asked in due:
                self._ask(asked, talkative)
            self._waiting = self._waiting[len(due) :]

    def _ask(self, asked: ClipQuestion, talkative: bool) -> None:
        ours, fixed = self._ours.answer(asked), self._fixed.answer(asked)
        self.right_ours += asked.is_right(ours)
        self.right_fixed += asked.is_right(fixed)
        if talkative or not asked.is_right(ours):
            print(f"{self._clip.name} {asked.at:.1f} s: {asked.question}\n  ours:  {ours}\n  fixed: {fixed}")

    def _is_studied(self, at: float) -> bool:
        short = self._clip.seconds <= UNSTUDIED_S
        return short or any(0 <= asked.at - at <= BEFORE_S for asked in self._clip.asked)


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of texts, places and times (default 1)")
    parser.add_argument("--only", help="one clip, by its name")
    parser.add_argument("--talk", action="store_true", help="print every answer, not only wrong ones")
    options = parser.parse_args()
    models = vision_models()
    shown = fixed = right_ours = right_fixed = asked = 0
    figures: dict[str, float] = {}
    for clip in clips(Random(options.seed)):
        if options.only in (None, clip.name):
            run = Run(clip, models)
            run.play(options.talk)
            shown, fixed = shown + run.pictures, fixed + run.fixed_pictures
            right_ours, right_fixed = right_ours + run.right_ours, right_fixed + run.right_fixed
            asked += len(clip.asked)
            figures[f"token_ratio_{clip.name}"] = run.pictures / run.fixed_pictures
            if clip.name == "static":
                figures["idle_ms_per_frame"] = 1000 * float(np.mean(run.choosing_s))
    totals = {
        "token_ratio": shown / fixed,
        "token_ratio_mean": float(np.mean([each for key, each in figures.items() if key.startswith("token_ratio")])),
        "answers_ours": right_ours / asked,
        "answers_fixed": right_fixed / asked,
        "questions": asked,
    }
    report(totals | figures, options.json)


if __name__ == "__main__":
    main()
