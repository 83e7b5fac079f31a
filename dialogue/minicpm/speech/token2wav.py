"""Codes of o 4.5's voice to sound: what a vocoder must offer, how a stream of codes is cut for it, and the official
one: a flow (codes to mel) and HiFT (mel to waveform), whose files lie beside the checkpoint.

Whatever else implements `Vocoder` can be plugged in. The networks agree with published sources on random weights; the
official files have not been here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dialogue.minicpm.speech.flow import Flow, FlowState
from dialogue.minicpm.speech.hift import Hift
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S
from dialogue.minicpm.speech.voice_prompt import VoicePrompt

RATE = 24_000
SILENCE = 4218  # the code a turn begins with
LOOK_AHEAD = 3  # codes the vocoder wants to know beyond the ones it makes sound of
HELD_FRAMES = 8  # of mel: they are made into sound again with what follows, and faded over


class Vocoder(Protocol):
    """The state of one session's sound. Codes in, float32 mono 24 kHz out."""

    def stream(self, codes: list[int], last: bool) -> NDArray[np.float32]:
        """Sound for `codes`, of which the last LOOK_AHEAD are given again at the beginning of the next call, unless
        this is the `last` of the turn."""
        ...

    def restart(self) -> None:
        """The next codes begin a turn."""
        ...


@dataclass(slots=True)
class CodeFeed:
    """One turn's codes, cut into calls of a vocoder: a second at a time, and the codes it looks ahead to."""

    waiting: list[int] = field(default_factory=lambda: [SILENCE] * LOOK_AHEAD)

    def add(self, codes: list[int]) -> list[list[int]]:
        """The calls that can be made now."""
        self.waiting += codes
        calls = []
        while len(self.waiting) >= CODES_PER_S + LOOK_AHEAD:
            calls.append(self.waiting[: CODES_PER_S + LOOK_AHEAD])
            self.waiting = self.waiting[CODES_PER_S:]
        return calls

    def end(self) -> list[int]:
        """What the last call of the turn is made with."""
        rest, self.waiting = self.waiting, [SILENCE] * LOOK_AHEAD
        return rest


@dataclass(frozen=True, eq=False)
class Token2Wav:
    """The official networks, shared by all sessions."""

    flow: Flow
    hift: Hift

    def voice(self, prompt: VoicePrompt) -> SpeakingVoice:
        """A voice to speak with; takes as long as making that much sound does."""
        device = self.flow.input_embedding.weight.device
        codes = torch.cat([prompt.codes, torch.full((self.flow.look_ahead,), SILENCE)])
        speaker = prompt.speaker.to(device)
        return SpeakingVoice(self, speaker, self.flow.begin(codes.to(device), prompt.mel.to(device), speaker))


@dataclass(frozen=True, eq=False)
class SpeakingVoice:
    """Networks and the state that every turn begins with; called, it makes a session's vocoder."""

    networks: Token2Wav
    speaker: Tensor
    begun: FlowState

    def __call__(self, seed: int = 0) -> VoiceStream:
        return VoiceStream(self, seed)


class VoiceStream:
    """One session's. Each call but the last of a turn holds back 160 ms, which are made again with what follows; the
    first begins with as much silence, so that a second of codes is always a second of sound."""

    def __init__(self, voice: SpeakingVoice, seed: int = 0) -> None:
        self._voice, self._seed = voice, seed
        self._held_samples = HELD_FRAMES * voice.networks.hift.sizes.hop
        self._fade = torch.from_numpy(np.hamming(2 * self._held_samples)).float()  # as published: sums up to 1.08
        self.restart()

    def restart(self) -> None:
        """What is being said is forgotten."""
        self._state = self._voice.begun.copy()
        self._generator = torch.Generator().manual_seed(self._seed)
        self._mel = torch.zeros(0, self._voice.networks.flow.sizes.bins)
        self._source, self._sound = torch.zeros(1, 0), torch.zeros(0)

    @torch.inference_mode()
    def stream(self, codes: list[int], last: bool) -> NDArray[np.float32]:
        """See Vocoder. The codes of a call see one another, so that the sound depends on how they are cut."""
        networks, speaker = self._voice.networks, self._voice.speaker
        made = networks.flow.piece(self._state, torch.tensor(codes, device=speaker.device), speaker, last)
        mel = torch.cat([self._mel.to(made), made])
        shaped, source = networks.hift(mel[None], self._source.to(made), self._generator)
        sound, first = self._joined(shaped[0].cpu()), not len(self._mel)
        if last:
            self.restart()
            return np.asarray(sound.numpy(), np.float32)
        held = self._held_samples
        self._mel, self._source, self._sound = mel[-HELD_FRAMES:], source[:, -held:], sound[-held:]
        given = torch.cat([torch.zeros(held if first else 0), sound[:-held]])
        return np.asarray(given.numpy(), np.float32)

    def _joined(self, sound: Tensor) -> Tensor:
        """Its beginning faded over from what was held back."""
        count = len(self._sound)
        if not count:
            return sound
        rising, falling = self._fade[:count], self._fade[self._held_samples :][:count]
        return torch.cat([sound[:count] * rising + self._sound * falling, sound[count:]])
