"""Opens the embedded engine: sessions share its LLM and its semantic turn detector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from dialogue.engine import Runner
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm, open_embedder
from dialogue.engines.semantic_turn import SemanticTurnDetector
from dialogue.llm.language_model import open_language_model
from dialogue.rules.small_talk import Clock
from dialogue.sizing.pace import DecodePace, measure_pace


@dataclass(frozen=True, eq=False)
class LocalChatModel:
    """The loaded model that sessions share; calling it opens a session."""

    llm: LocalLlm
    runner: Runner
    clock: Clock
    turn_detector: SemanticTurnDetector
    judges_apart: ClassVar[bool] = False

    def __call__(self) -> LocalChatEngine:
        return LocalChatEngine(self.llm, self.runner, self.clock)

    @property
    def tokens_per_s(self) -> float:
        """The speed of replies that was measured when the model was opened."""
        return self.llm.tokens_per_s

    def measure_pace(self) -> DecodePace:
        """Measure how fast replies are generated here; a tenth of a second, on the model's thread."""
        return measure_pace(self.llm.model, self.llm.limit)

    def finished(self, text: str) -> float:
        """The probability that the user has finished; see `SemanticTurnDetector`."""
        return self.turn_detector.probability(text)


def open_local_chat(
    model_path: Path,
    runner: Runner,
    context_tokens: int,
    clock: Clock,
    *,
    phrase_descriptions: bool | None = None,
    embedder_folder: Path | None = None,
    **opening: Any,
) -> LocalChatModel:
    """Load the weights and prefill what all sessions share (blocking); returns a factory of sessions.

    `phrase_descriptions`: the model words descriptions; None decides by the speed measured here. With the weights in
    `embedder_folder` past speech is recalled by meaning as well as by words. `opening` goes to `open_language_model`.
    Raises BadInput for an unusable file or context size, OSError for an unreadable embedder folder.
    """
    embedder = open_embedder(embedder_folder)
    llm = LocalLlm(open_language_model(model_path, **opening), context_tokens, phrase_descriptions, embedder)
    return LocalChatModel(llm, runner, clock, SemanticTurnDetector(llm.model))
