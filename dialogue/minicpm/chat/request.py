"""Turns one request, text, pictures and audio in the given order, into rows of the language model."""

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
from dialogue.minicpm.vision.picture_encoder import EncodePictures
from dialogue.minicpm.vision.slicing import Slice


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPicture:
    """RGB uint8 (H, W, 3). `max_slices` overrides the checkpoint's limit of slices; 1 for video."""

    rgb: NDArray[np.uint8]
    max_slices: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSound:
    """float32 mono 16 kHz (n,)."""

    samples: Samples


Part = str | EncodedPicture | EncodedSound
EncodeClips = Callable[[Sequence[Samples]], Sequence[Tensor]]  # clips -> their rows
EncodeClipsSteps = Callable[[Sequence[Samples]], Steps[list[Tensor]]]


@dataclass(frozen=True, slots=True, eq=False)
class RequestPrompt:
    """Token ids, their rows (T, hidden), and the spans of pictures and audio."""

    ids: list[int]
    rows: Tensor
    pictures: list[Span]
    sounds: list[Span]
    features: Tensor | None  # rows of the pictures, (slices, queries, hidden)

    def without(self, token: int) -> Tensor:
        """The rows of all tokens except `token`, for a model that masks it everywhere."""
        return self.rows[torch.tensor(self.ids) != token]


def make_prompt(
    model: MiniCPM,
    parts: Sequence[Part],
    number_pictures: bool = False,
    encode_clips: EncodeClips | None = None,
    begin: bool = True,
) -> RequestPrompt:
    """Parts follow one another without a separator. `encode_clips` replaces the encoding of whole clips. `begin`: the
    prompt starts a conversation. Raises BadInput for pictures or audio that the model cannot take."""
    text, slices, clips = _written(model, parts, number_pictures)
    features = model.vision.rows(slices) if model.vision and slices else None
    heard = list((encode_clips or model.audio.whole)(clips)) if model.audio and clips else []
    return _filled(model, text, begin, features, heard)


def prompt_steps(
    model: MiniCPM, parts: Sequence[Part], encode_clips: EncodeClipsSteps, begin: bool = True
) -> Steps[RequestPrompt]:
    """`make_prompt` as steps that several sessions can batch."""
    text, slices, clips = _written(model, parts, number_pictures=False)
    features: Tensor | None = None
    if model.vision and slices:
        features = yield EncodePictures(model.vision, slices)
    heard = (yield from encode_clips(clips)) if model.audio and clips else []
    return _filled(model, text, begin, features, heard)


def _filled(model: MiniCPM, text: str, begin: bool, features: Tensor | None, heard: list[Tensor]) -> RequestPrompt:
    ids = model.words.encode(text, begin)
    if model.kind is Kind.O45:  # a prompt holds no listen token
        listen = model.words.ids(["<|listen|>"])
        ids = [number for number in ids if number not in listen]
    filled: list[tuple[list[Span], Tensor]] = []
    pictures = picture_spans(ids, model.words, model.kind.nested) if model.vision else []
    sounds = sound_spans(ids, model.words) if model.audio else []
    if features is not None:
        filled.append((pictures, features.flatten(0, 1)))
    if heard:
        filled.append((sounds, torch.cat(heard)))
    return RequestPrompt(ids, embed(model.decoder, ids, filled, model.text_scale), pictures, sounds, features)


def _written(model: MiniCPM, parts: Sequence[Part], number_pictures: bool) -> tuple[str, list[Slice], list[Samples]]:
    """The text with placeholders, and the slices and clips that fill them."""
    text, slices, clips, pictures = "", [], [], 0
    for part in parts:
        match part:
            case str():
                text += part
            case EncodedPicture(rgb, max_slices):
                if model.vision is None:
                    raise BadInput(f"{model.kind.value} as loaded cannot see; remove the picture.")
                plan, cut = model.vision.cut(rgb, max_slices)
                number = pictures if number_pictures else None
                text += picture_text(plan, model.vision.queries, model.kind.nested, number)
                slices += cut
                pictures += 1
            case EncodedSound(samples):
                if model.audio is None:
                    raise BadInput(f"{model.kind.value} as loaded cannot hear; remove the audio.")
                by_second = model.kind is Kind.O26 and bool(model.config.get("chunk_input", True))
                text += sound_text(len(samples), model.audio.pool, by_second)
                clips.append(checked(samples))
    return text, slices, clips
