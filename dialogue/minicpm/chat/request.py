"""One request: text, pictures and sound in the order they were given, made into rows of the language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.batching import Steps
from dialogue.minicpm.audio.mel import Samples, checked
from dialogue.minicpm.chat.embedding import Span, embed, picture_spans, sound_spans
from dialogue.minicpm.chat.prompt import picture_text, sound_text
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.vision.sight import EncodePictures
from dialogue.minicpm.vision.slicing import Slice


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPicture:
    """RGB uint8 (H, W, 3). `max_slices` overrides how finely the checkpoint would cut it; 1 for video."""

    rgb: NDArray[np.uint8]
    max_slices: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSound:
    """float32 mono 16 kHz (n,)."""

    samples: Samples


Part = str | EncodedPicture | EncodedSound
Hear = Callable[[Sequence[Samples]], Sequence[Tensor]]  # clips -> their rows
HearSteps = Callable[[Sequence[Samples]], Steps[list[Tensor]]]


@dataclass(frozen=True, slots=True, eq=False)
class RequestPrompt:
    """Token ids, the rows (T, hidden) that stand for them, and where pictures and sound are."""

    ids: list[int]
    rows: Tensor
    pictures: list[Span]
    sounds: list[Span]
    features: Tensor | None  # of the pictures, (slices, queries, hidden)

    def without(self, token: int) -> Tensor:
        """The rows of all other tokens: what a model sees that masks this one wherever it stands."""
        return self.rows[torch.tensor(self.ids) != token]


def make_prompt(
    model: MiniCPM,
    parts: Sequence[Part],
    number_pictures: bool = False,
    hear: Hear | None = None,
    begin: bool = True,
) -> RequestPrompt:
    """Parts follow one another without a separator. `hear` replaces encoding clips whole. `begin`: this is the
    start of a conversation. Raises BadInput for a part that the model has no sense for."""
    text, slices, clips = _written(model, parts, number_pictures)
    features = model.sight.rows(slices) if model.sight and slices else None
    heard = list((hear or model.hearing.whole)(clips)) if model.hearing and clips else []
    return _filled(model, text, begin, features, heard)


def prompt_steps(model: MiniCPM, parts: Sequence[Part], hear: HearSteps, begin: bool = True) -> Steps[RequestPrompt]:
    """`make_prompt` as steps that several sessions can take together."""
    text, slices, clips = _written(model, parts, number_pictures=False)
    features: Tensor | None = None
    if model.sight and slices:
        features = yield EncodePictures(model.sight, slices)
    heard = (yield from hear(clips)) if model.hearing and clips else []
    return _filled(model, text, begin, features, heard)


def _filled(model: MiniCPM, text: str, begin: bool, features: Tensor | None, heard: list[Tensor]) -> RequestPrompt:
    ids = model.words.encode(text, begin)
    if model.kind is Kind.O45:  # a prompt never tells it to listen
        listen = model.words.ids(["<|listen|>"])
        ids = [number for number in ids if number not in listen]
    filled: list[tuple[list[Span], Tensor]] = []
    pictures = picture_spans(ids, model.words, model.kind.nested) if model.sight else []
    sounds = sound_spans(ids, model.words) if model.hearing else []
    if features is not None:
        filled.append((pictures, features.flatten(0, 1)))
    if heard:
        filled.append((sounds, torch.cat(heard)))
    return RequestPrompt(ids, embed(model.decoder, ids, filled, model.text_scale), pictures, sounds, features)


def _written(model: MiniCPM, parts: Sequence[Part], number_pictures: bool) -> tuple[str, list[Slice], list[Samples]]:
    """The text with placeholders, and what they stand for."""
    text, slices, clips, pictures = "", [], [], 0
    for part in parts:
        match part:
            case str():
                text += part
            case EncodedPicture(rgb, max_slices):
                if model.sight is None:
                    raise BadInput(f"{model.kind.value} as loaded cannot see; leave the picture out.")
                plan, cut = model.sight.cut(rgb, max_slices)
                number = pictures if number_pictures else None
                text += picture_text(plan, model.sight.queries, model.kind.nested, number)
                slices += cut
                pictures += 1
            case EncodedSound(samples):
                if model.hearing is None:
                    raise BadInput(f"{model.kind.value} as loaded cannot hear; leave the sound out.")
                by_second = model.kind is Kind.O26 and bool(model.config.get("chunk_input", True))
                text += sound_text(len(samples), model.hearing.pool, by_second)
                clips.append(checked(samples))
    return text, slices, clips
