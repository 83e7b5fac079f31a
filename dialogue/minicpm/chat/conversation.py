"""A history of turns to one answer: chat with 2.5, 2.6, o 2.6 and o 4.5, in text.

Lays the turns out in each model's own format. What users typed cannot pose as a token of the format. Keeps no state
between answers; sessions that stream are in files of their own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from dialogue.errors import BadInput
from dialogue.llm.beam_search import beam_steps
from dialogue.llm.checkpoints.vocabulary import TextStream, Vocabulary
from dialogue.llm.generation import generate
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.chat.prompt import DEFAULT_SYSTEM, NO_THOUGHTS
from dialogue.minicpm.chat.request import EncodedPicture, Part, RequestPrompt, make_prompt
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind

SAMPLING = SamplingConfig(temperature=0.7, top_k=100, top_p=0.8, penalty=1.05)
SAMPLING_O45 = SamplingConfig(temperature=0.6, top_k=20, top_p=0.95)
MOST_FRAMES = 64


@dataclass(frozen=True, slots=True)
class HistoryTurn:
    """`role` is system, user or assistant. Parts stand on lines of their own."""

    role: str
    parts: Sequence[Part] = field(default=())


def answer(
    model: MiniCPM,
    turns: Sequence[HistoryTurn],
    limit: int = 1024,
    sampling: SamplingConfig | None = None,
    generator: torch.Generator | None = None,
    beams: int = 1,
) -> Iterator[str]:
    """The answer to the last turn, piece by piece, often empty ones; drawn as the model's makers advise, unless said
    otherwise. With several `beams` it is searched for, and comes as a whole. Raises BadInput if the history is longer
    than the context."""
    prompt = prepare(model, turns)
    room = model.decoder.config.max_positions - len(prompt.ids)
    if room <= 0:
        raise BadInput(f"The history takes {len(prompt.ids)} tokens, more than the model's context; shorten it.")
    limit, sampling = min(limit, room), sampling or usual_sampling(model.kind)
    stream, stops = TextStream(model.words), model.stops()
    if beams > 1:
        found = yield from _searched(model, prompt, limit, beams, sampling.penalty)
        yield stream.add([token for token in found if token not in stops]) + stream.end()
        return
    cache = model.decoder.new_cache(len(prompt.ids) + limit)
    for step in generate(model.decoder, cache, prompt.rows, limit, stops, sampling, generator):
        if step.token not in stops and (text := stream.add([step.token])):
            yield text
    if rest := stream.end():
        yield rest


def usual_sampling(kind: Kind) -> SamplingConfig:
    """Of a written answer, as the makers of the model advise."""
    return SAMPLING_O45 if kind is Kind.O45 else SAMPLING


def _searched(
    model: MiniCPM, prompt: RequestPrompt, limit: int, beams: int, penalty: float
) -> Generator[str, None, list[int]]:
    """The tokens of the best answer; an empty piece for each step of the search."""
    search = beam_steps(model.decoder, prompt.rows, limit, model.stops(), beams, penalty)
    while True:
        try:
            next(search)
        except StopIteration as over:
            found: list[int] = over.value
            return found
        yield ""


def prepare(model: MiniCPM, turns: Sequence[HistoryTurn]) -> RequestPrompt:
    """The prompt for an answer to the last turn."""
    pictures = sum(isinstance(part, EncodedPicture) for turn in turns for part in turn.parts)
    film = any(isinstance(part, EncodedPicture) and part.max_slices == 1 for turn in turns for part in turn.parts)
    numbered = bool(model.config.get("use_image_id", model.kind is not Kind.V25)) and not film and pictures > 0
    return make_prompt(model, lay_out(model.kind, turns, model.words), numbered)


def lay_out(kind: Kind, turns: Sequence[HistoryTurn], words: Vocabulary) -> list[Part]:
    """The history in the model's own format, the assistant's turn opened."""
    if kind is Kind.V25:
        begin, middle, end = "<|start_header_id|>", "<|end_header_id|>\n\n", "<|eot_id|>"
        opening = "<|start_header_id|>assistant<|end_header_id|>\n\n"
    else:
        begin, middle, end = "<|im_start|>", "\n", "<|im_end|>\n"
        opening = "<|im_start|>assistant\n" + (NO_THOUGHTS if kind is Kind.O45 else "")
    laid: list[Part] = []
    if kind in (Kind.V26, Kind.O26) and not any(turn.role == "system" for turn in turns):
        laid.append(f"{begin}system{middle}{DEFAULT_SYSTEM}{end}")
    for turn in turns:
        laid += [f"{begin}{turn.role}{middle}", *_content(turn, words), end]
    return [*laid, opening]


def film(frames: Sequence[NDArray[np.uint8]], most: int = MOST_FRAMES) -> list[EncodedPicture]:
    """Frames of a video as parts of a turn, one slice each; evenly thinned out to at most `most`."""
    if len(frames) > most:
        frames = [frames[round(index)] for index in np.linspace(0, len(frames) - 1, most)]
    return [EncodedPicture(frame, max_slices=1) for frame in frames]


def _content(turn: HistoryTurn, words: Vocabulary) -> list[Part]:
    """Parts on lines of their own, text as plain text."""
    parts: list[Part] = []
    for part in turn.parts:
        parts += ["\n"] if parts else []
        parts.append(words.plain(part).strip() if isinstance(part, str) else part)
    return parts
