"""Fits the judge of what a question is about (`dialogue/prompts/scene_judge.json`) on the development half.

    python benchmarks/quality/fit_judge.py            fits, and writes the file
    python benchmarks/quality/fit_judge.py --check    measures the file on the held-out half

Each question about a scene, and each of `general.txt`, `talk.txt` and `everyday.toml`, is asked in a call with a scene
in view, half of them after one or two other turns. A ridge logistic regression of the hidden state before the reply
gives the weights; the places that matter most are fitted again, alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.mind import open_asker
from benchmarks.quality.asking import ASKED_AFTER_S, clock, run_here
from benchmarks.quality.question_sets import HALVES, everyday, general, scenes, talk
from benchmarks.quality.scene_blocks import blocks_of, open_vision
from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.prompts.scene_judge import FITTED, SceneJudge, scene_judge
from ui.host.home import weight_store

EARLIER = (
    ("How long does a horse live?", "Horses live for about twenty-five years."),
    ("I'm a bit tired.", "That is fine, take a break."),
    ("What is the capital of Peru?", "The capital of Peru is Lima."),
    ("Do you see me?", "Yes, I can see you."),
    ("What's new?", "Not much has changed here."),
    ("Can you read that for me?", "Sorry, I can't read it."),
)
PENALTY, PENALTY_OF_FEW, STEPS, PLACES = 100.0, 30.0, 8, 128
Floats = NDArray[np.float64]


async def states(half: str) -> AsyncIterator[tuple[NDArray[np.float32], bool]]:
    """The hidden state of each question, and whether it is about the scene."""
    llm, vision, chance = open_asker(LARGER_LLM).llm, open_vision(weight_store()), Random(len(half))
    seen = [scene for scene in scenes(half) if scene.in_call]
    world = [*general(half), *talk(half), *(question.text for question in everyday(half))]
    chance.shuffle(world)
    for number, scene in enumerate(seen):
        engine = LocalChatEngine(llm, run_here, clock)
        for block in (blocks := blocks_of(scene, vision)):
            await engine.feed(block)
        before, asked = await engine.mark(), [(each.text, True) for each in scene.questions]
        asked += [(text, False) for text in world[number :: len(seen)]]
        for text, about in asked:
            at = blocks[-1].at + ASKED_AFTER_S
            for said, reply in chance.sample(EARLIER, chance.choice((0, 0, 1, 2))):
                await engine.feed(TextBlock(said, at, at + 1))
                await engine.feed(ReplyBlock(reply, at + 1, at + 2))
                at += 3
            await engine.feed(TextBlock(text, at, at + 1))
            context = await engine._context.follow(engine._timeline_log, replying=True)
            yield context.hidden(), about
            await engine.rewind(before)  # what is seen stays computed
        await engine.close()
        print(f"{scene.name}: {len(asked)}", file=sys.stderr, flush=True)


def fitted(inputs: Floats, about: Floats, penalty: float) -> tuple[float, Floats]:
    """(bias, weights (n,)) by Newton's method on the penalised likelihood of standardised inputs (m, n)."""
    mean, spread = inputs.mean(0), inputs.std(0) + 1e-6
    left, sizes, axes = np.linalg.svd((inputs - mean) / spread, full_matrices=False)
    design = np.column_stack([np.ones(len(about)), left * sizes])
    ridge, found = np.diag([0.0, *[penalty] * len(sizes)]), np.zeros(len(sizes) + 1)
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-design @ found))
        curve = (design * (probability * (1 - probability))[:, None]).T @ design + ridge
        found += np.linalg.solve(curve, design.T @ (about - probability) - ridge @ found)
    weights = axes.T @ found[1:] / spread
    return float(found[0] - mean @ weights), weights


def judge_of(hidden: Floats, about: Floats) -> SceneJudge:
    """The judge by hidden states (m, hidden) of questions that are `about` (m,) the scene (1.0) or not (0.0)."""
    _, weights = fitted(hidden, about, PENALTY)
    places = np.sort(np.argsort(-np.abs(weights * hidden.std(0)))[:PLACES])
    bias, few = fitted(hidden[:, places], about, PENALTY_OF_FEW)
    return SceneJudge(
        round(bias, 4), {int(at): round(float(weight), 4) for at, weight in zip(places, few, strict=True)}
    )


def area(odds: Floats, about: Floats) -> float:
    """The area under the ROC curve: how often a question about the scene scores higher than another one."""
    scene, world = odds[about > 0], odds[about == 0]
    return float((scene[:, None] > world[None]).mean())


def written(judge: SceneJudge, about: Floats) -> str:
    scene, world = int(about.sum()), int((1 - about).sum())
    how = f"benchmarks/quality/fit_judge.py on {scene} questions about scenes and {world} others"
    weights = {str(place): weight for place, weight in judge.weights.items()}
    return json.dumps({"fitted": how, "bias": judge.bias, "weights": weights}, indent=1) + "\n"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="measure the file on the held-out half")
    half = HALVES[0] if (check := parser.parse_args().check) else HALVES[1]
    found = [each async for each in states(half)]
    hidden, about = np.array([each for each, _ in found], float), np.array([float(each) for _, each in found])
    judge = scene_judge() if check else judge_of(hidden, about)
    if not check:
        FITTED.write_text(written(judge, about), encoding="utf-8")
    likely = np.array([judge.probability(np.asarray(each, np.float32)) for each in hidden])
    print(
        f"{len(about)} questions: AUC {area(likely, about):.3f}, {((likely > 0.5) == about).mean():.1%} on their side"
    )


if __name__ == "__main__":
    asyncio.run(main())
