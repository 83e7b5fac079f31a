"""One scene question with all that an answer by rule needs. Plain data; says nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.blocks import Fact
from dialogue.memory.scene_memory import SceneMemory
from dialogue.rules.question_kinds import SceneQuestion
from dialogue.text.labels import Thing


@dataclass(frozen=True, slots=True)
class SceneQuery:
    """`now` is the session time of the question; `seed` varies the wording and nothing else."""

    question: SceneQuestion
    memory: SceneMemory
    now: float
    seed: int = 0

    def pick(self, *wordings: str) -> str:
        """One of several ways to say the same."""
        return wordings[self.seed % len(wordings)]

    def in_view(self, what: Thing) -> list[Fact]:
        """What of this kind is seen now, anywhere in the picture."""
        return [fact for fact in self.memory.present("object") if fact.label in what.labels]

    def people(self) -> list[Fact]:
        return [fact for fact in self.memory.present("object") if fact.label == "person"]

    def texts(self) -> list[str]:
        return [fact.text for fact in self.memory.present("text")]
