"""A chat model of the user's choice as the turn-taking engine: Llama 3, Qwen2, Qwen3, SmolLM2 and their kin.

The engine is small_cpu's, with another mind: facts of the scene, recall, the clock and sums stay with the rules; all
else is the model's, which is told what the eyes found. Its own chat template, tokenizer, stop tokens and sampling.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialogue.engine import Engine, Runner
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.local_llm import LocalLlm, open_embedder
from dialogue.llm.device import device_for
from dialogue.llm.language_model import open_language_model
from dialogue.llm.precision import Quantisation
from dialogue.llm.sampling import SamplingConfig
from dialogue.prompts.chat_template import ChatTemplate
from dialogue.prompts.dialogue_style import chosen
from dialogue.rules.small_talk import Clock
from dialogue.sizing.pace import PacedSessions

# Where the makers advise nothing: a little lively, and seldom beside the point.
SAMPLING = SamplingConfig(temperature=0.3, top_k=40, top_p=0.9, penalty=1.05)


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
) -> Callable[[], Engine]:
    """Load a .gguf file or a downloaded folder (blocking); returns a factory of sessions that share the weights.

    `device` "auto" takes a graphics card if torch finds one. A context larger than the model's is the model's;
    `sampling` replaces what its makers advise. Raises BadInput
    where the files are broken, the model is not of the Llama family or was not taught to converse.
    """
    model = open_language_model(path, quantisation=precision, device=device_for(device))
    template = ChatTemplate(model.tokenizer, model.chat_template, model.special_tokens)
    llm = LocalLlm(
        model,
        min(context_tokens, model.config.max_positions),
        embedder=open_embedder(embedder_folder),
        style=chosen(sampling or model.sampling or SAMPLING),
        render=template,
    )

    def new_session() -> Engine:
        return LocalChatEngine(llm, runner, clock)

    new_session()  # a context that will not do is told now, not when somebody calls
    return PacedSessions(new_session, model, llm.limit)
