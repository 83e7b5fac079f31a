"""What a unit of full duplex brings in: pictures and a second of sound as rows of the language model.

The state is a session's ear: mel that overlaps from second to second, and what the encoder has heard so far.
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
from dialogue.minicpm.audio.audio_encoder import EarMark
from dialogue.minicpm.audio.listening import EncodeAudio
from dialogue.minicpm.audio.mel import RATE, MelStream, Samples, checked
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.vision.sight import EncodePictures
from dialogue.minicpm.vision.slicing import Slice

OVERLAP = 2  # mel frames that a second shares with each of its neighbours
LEAD = 560  # samples of silence that make the first second long enough for its last windows
EMBEDDED = -1  # stands for a row of a picture or of sound where tokens are listed


@dataclass(frozen=True, slots=True, eq=False)
class UnitRows:
    """Rows (n, hidden) in the order they are fed; `tokens` name them. `sound` (m, hidden) and `slices`
    (k, queries, hidden) are what was made of the unit's sound and pictures."""

    tokens: list[int]
    rows: Tensor
    sound: Tensor | None
    slices: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class UnitInputMark:
    """What the ear knew at some point."""

    ear: EarMark
    mel: MelStream


class UnitInput:
    """One session's."""

    def __init__(self, model: MiniCPM) -> None:
        if model.hearing is None:
            raise BadInput("Full duplex needs a checkpoint that hears; this one has no audio encoder.")
        self._model, self._hearing = model, model.hearing
        self._mel = MelStream(OVERLAP, LEAD, model.hearing.encoder.bins)
        self._ear = model.hearing.encoder.cache()

    @property
    def heard(self) -> int:
        """Encoder frames that the ear remembers."""
        return self._ear.length

    def mark(self) -> UnitInputMark:
        return UnitInputMark(self._ear.mark(), copy(self._mel))  # its tensors are replaced, never written into

    def rewind(self, mark: UnitInputMark) -> None:
        """As if nothing had been heard since."""
        self._ear.rewind(mark.ear)
        self._mel = copy(mark.mel)

    def unit(self, opening: int, samples: Samples | None, pictures: Sequence[EncodedPicture]) -> Steps[UnitRows]:
        """`opening` token, every picture's slices in their tags, the sound without any."""
        if samples is None and not pictures:
            raise BadInput("A unit needs a second of sound or a picture.")
        embed = self._model.decoder.embed
        slices = yield from self._look([self._cut(picture) for picture in pictures])
        sound = None
        if samples is not None:
            sound = yield from self._listen(samples)
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
        if self._model.sight is None:
            raise BadInput(f"{self._model.kind.value} as loaded cannot see; leave the pictures out.")
        return self._model.sight.cut(picture.rgb, picture.max_slices or 1)[1]

    def _look(self, pictures: Sequence[list[Slice]]) -> Steps[list[Tensor]]:
        """Rows (slices, queries, hidden) of each picture."""
        if self._model.sight is None or not pictures:
            return []
        rows: Tensor = yield EncodePictures(self._model.sight, [one for slices in pictures for one in slices])
        return list(rows.split([len(slices) for slices in pictures]))

    def _listen(self, samples: Samples) -> Steps[Tensor]:
        rows = [torch.zeros(0, self._hearing.projector.linear2.out_features)]
        samples = checked(samples)
        if not self._mel.pieces_given:  # what the first second lacks is silence in front of it
            samples = np.pad(samples, (max(RATE - len(samples), 0), 0))
        for mel in self._mel.push(samples):
            first = self._mel.pieces_given == 1
            heard: Tensor = yield EncodeAudio(self._hearing, self._ear, mel, drop_front=0 if first else 1, drop_back=1)
            rows.append(heard)
        return torch.cat([row.to(rows[-1]) for row in rows])
