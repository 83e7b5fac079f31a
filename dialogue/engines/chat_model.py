"""Opens a chat model of the user's choice as a turn-based engine: Llama 3, Qwen2, Qwen3, SmolLM2 and relatives.

The engine is `LocalChatEngine` with another LLM: rules answer about the scene, the past, the clock and sums; the model
answers everything else, with the detector's findings in its prompt. It uses its own chat template, tokenizer, stop
tokens and sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dialogue.engine import Engine, Runner
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm, open_embedder
from dialogue.engines.semantic_turn import SemanticTurnDetector
from dialogue.llm.checkpoints.adapter import read_adapters
from dialogue.llm.device import device_for, spare_threads
from dialogue.llm.language_model import KEPT_FROM, open_language_model
from dialogue.llm.precision import Quantisation
from dialogue.llm.sampling import SamplingConfig
from dialogue.prompts.call_format import call_format
from dialogue.prompts.chat_template import ChatTemplate
from dialogue.prompts.dialogue_style import DialogueStyle, chat_style, larger_style
from dialogue.rules.small_talk import Clock
from dialogue.sizing.pace import PacedSessions

# For models whose makers publish no sampling parameters.
SAMPLING = SamplingConfig(temperature=0.3, top_k=40, top_p=0.9, penalty=1.05)

# Weights of the layers from which a model is offered functions: smaller ones call them at random.
LEAST_WEIGHTS = 300_000_000


def open_chat_model(
    path: Path,
    runner: Runner,
    context_tokens: int,
    clock: Clock,
    *,
    precision: Quantisation = "auto",
    device: str = "auto",
    embedder_folder: Path | None = None,
    sampling: SamplingConfig | None = None,
    style: Callable[[SamplingConfig], DialogueStyle] = chat_style,
    built_in_tools: bool = True,
    adapters: Sequence[tuple[str, Path]] = (),
) -> PacedSessions:
    """Load a .gguf file or a downloaded folder (blocking); returns a factory of sessions that share the weights.

    `device` "auto" takes a graphics card if torch finds one. A context larger than the model's is cut to the model's;
    `sampling` replaces what the model's makers advise; `style` makes the dialogue style of it. With `built_in_tools`
    a model that calls functions is offered those too. `adapters` are names and folders. Raises BadInput for damaged
    files, a model that is not of the Llama family, and a model without a chat template.
    """
    read = read_adapters(adapters)
    model = open_language_model(
        path, quantisation=precision, device=device_for(device), threads=spare_threads(), adapters=read
    )
    template = ChatTemplate(model.chat_template, model.special_tokens)
    llm = LocalLlm(
        model,
        min(context_tokens, model.config.max_positions),
        embedder=open_embedder(embedder_folder),
        style=style(sampling or model.sampling or SAMPLING),
        render=template,
        keep_beside=path if not read and path.is_file() and path.stat().st_size >= KEPT_FROM else None,
        call_format=call_format(template) if model.config.layer_weights >= LEAST_WEIGHTS else None,
        built_in_tools=built_in_tools,
    )

    def new_session() -> Engine:
        return LocalChatEngine(llm, runner, clock)

    new_session()  # refuses a context of a bad size now, not in the first call
    return PacedSessions(new_session, model, llm.limit, llm.tokens_per_s)


@dataclass(frozen=True, eq=False)
class JudgedSessions(PacedSessions):
    """Sessions of a chat model, with a small model that judges whether the user has finished."""

    turn_detector: SemanticTurnDetector = field(kw_only=True)
    judges_apart: ClassVar[bool] = True

    def finished(self, text: str) -> float:
        """The probability that the user has finished; see `SemanticTurnDetector`."""
        return self.turn_detector.probability(text)


def open_larger_model(
    path: Path,
    small_path: Path,
    runner: Runner,
    context_tokens: int,
    clock: Clock,
    *,
    embedder_folder: Path | None = None,
) -> JudgedSessions:
    """Load the larger embedded model (blocking), and the small one in `small_path` as its semantic turn detector.

    Returns a factory of sessions that share both. Raises as `open_chat_model`.
    """
    sessions = open_chat_model(
        path,
        runner,
        context_tokens,
        clock,
        device="cpu",
        embedder_folder=embedder_folder,
        style=larger_style,
        built_in_tools=False,  # rules do what they do, and their descriptions take a third of its context
    )
    judge = SemanticTurnDetector(open_language_model(small_path, device="cpu"))
    return JudgedSessions(
        sessions.new_session, sessions.model, sessions.limit, sessions.tokens_per_s, turn_detector=judge
    )
