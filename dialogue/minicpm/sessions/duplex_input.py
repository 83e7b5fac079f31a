"""The input of a full-duplex unit: pictures and a second of audio as rows of the language model.

The state of a session is the mel stream, which overlaps from second to second, and the cache of the audio encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.batching import Steps
from dialogue.minicpm.audio.audio_encoder import EncoderMark
from dialogue.minicpm.audio.batched_encoding import EncodeAudio
from dialogue.minicpm.audio.mel import RATE, MelStream, Samples, checked
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.vision.picture_encoder import EncodePictures
from dialogue.minicpm.vision.slicing import Slice

OVERLAP = 2  # mel frames that a second shares with each neighbour
LEAD = 560  # samples of silence before the first second, for its last windows
EMBEDDED = -1  # marks a row of a picture or of audio in lists of tokens


@dataclass(frozen=True, slots=True, eq=False)
class UnitRows:
    """Rows (n, hidden) in the order they are fed, and their `tokens`. `sound` (m, hidden) and `slices`
    (k, queries, hidden) are the rows of the unit's audio and pictures."""

    tokens: list[int]
    rows: Tensor
    sound: Tensor | None
    slices: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class UnitInputMark:
    """The state of a `UnitInput` between two units."""

    encoder: EncoderMark
    mel: MelStream


class UnitInput:
    """The input of one session."""

    def __init__(self, model: MiniCPM) -> None:
        if model.audio is None:
            raise BadInput("Full duplex needs an audio encoder, which this checkpoint lacks; use MiniCPM-o 4.5.")
        self._model, self._audio = model, model.audio
        self._mel = MelStream(OVERLAP, LEAD, model.audio.encoder.bins)
        self._encoder_cache = model.audio.encoder.cache()

    @property
    def heard(self) -> int:
        """Frames in the cache of the audio encoder."""
        return self._encoder_cache.length

    def mark(self) -> UnitInputMark:
        """A point to rewind to."""
        return UnitInputMark(self._encoder_cache.mark(), copy(self._mel))  # tensors are replaced, never written into

    def rewind(self, mark: UnitInputMark) -> None:
        """Return to `mark`."""
        self._encoder_cache.rewind(mark.encoder)
        self._mel = copy(mark.mel)

    def unit(self, opening: int, samples: Samples | None, pictures: Sequence[EncodedPicture]) -> Steps[UnitRows]:
        """The `opening` token, the slices of every picture in their tags, the audio without tags."""
        if samples is None and not pictures:
            raise BadInput("A unit needs a second of audio or a picture.")
        embed = self._model.decoder.embed
        slices = yield from self._encode_pictures([self._cut(picture) for picture in pictures])
        sound = None
        if samples is not None:
            sound = yield from self._encode_audio(samples)
        tokens, parts = [opening], [embed(torch.tensor([opening]))]
        for picture in slices:
            for number, rows in enumerate(picture):
                name = "slice" if number else "image"
                tags = [self._model.words.id(f"<{name}>"), self._model.words.id(f"</{name}>")]
                first, last = embed(torch.tensor(tags))[:, None]
                tokens += [tags[0], *[EMBEDDED] * len(rows), tags[1]]
                parts += [first, rows.to(first), last]
        if sound is not None:
            tokens += [EMBEDDED] * len(sound)
            parts.append(sound.to(parts[0]))
        return UnitRows(tokens, torch.cat(parts), sound, torch.cat(slices) if slices else None)

    def _cut(self, picture: EncodedPicture) -> list[Slice]:
        if self._model.vision is None:
            raise BadInput(f"{self._model.kind.value} as loaded cannot see; remove the pictures.")
        return self._model.vision.cut(picture.rgb, picture.max_slices or 1)[1]

    def _encode_pictures(self, pictures: Sequence[list[Slice]]) -> Steps[list[Tensor]]:
        """Rows (slices, queries, hidden) of each picture."""
        if self._model.vision is None or not pictures:
            return []
        rows: Tensor = yield EncodePictures(self._model.vision, [one for slices in pictures for one in slices])
        return list(rows.split([len(slices) for slices in pictures]))

    def _encode_audio(self, samples: Samples) -> Steps[Tensor]:
        rows = [torch.zeros(0, self._audio.projector.linear2.out_features)]
        samples = checked(samples)
        if not self._mel.pieces_given:  # a short first second is padded with silence in front
            samples = np.pad(samples, (max(RATE - len(samples), 0), 0))
        for mel in self._mel.push(samples):
            first = self._mel.pieces_given == 1
            piece: Tensor = yield EncodeAudio(self._audio, self._encoder_cache, mel, 0 if first else 1, drop_back=1)
            rows.append(piece)
        return torch.cat([row.to(rows[-1]) for row in rows])
