"""Audio codes of o 4.5 to a waveform: the `Vocoder` protocol, the cutting of a code stream into calls, and token2wav.

token2wav is a flow (codes to mel) and HiFT (mel to waveform), whose files are beside the checkpoint. Any other
implementation of `Vocoder` can replace it. The networks agree with the published sources on random weights; they were
not run on the official files.
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
SILENCE = 4218  # code of silence, at the start of every turn
LOOK_AHEAD = 3  # codes the vocoder sees beyond those it synthesises
HELD_FRAMES = 8  # mel frames that are synthesised again with the next call and crossfaded


class Vocoder(Protocol):
    """The audio synthesis of one session: codes to float32 mono audio at 24 kHz."""

    def stream(self, codes: list[int], last: bool) -> NDArray[np.float32]:
        """Audio for `codes`. The last LOOK_AHEAD codes start the next call again, unless this is the `last` call of
        the turn."""
        ...

    def restart(self) -> None:
        """The next codes start a turn."""
        ...


@dataclass(slots=True)
class CodeFeed:
    """Cuts the codes of one turn into calls of a vocoder: one second each, plus the look-ahead."""

    waiting: list[int] = field(default_factory=lambda: [SILENCE] * LOOK_AHEAD)

    def add(self, codes: list[int]) -> list[list[int]]:
        """The calls that are complete now."""
        self.waiting += codes
        calls = []
        while len(self.waiting) >= CODES_PER_S + LOOK_AHEAD:
            calls.append(self.waiting[: CODES_PER_S + LOOK_AHEAD])
            self.waiting = self.waiting[CODES_PER_S:]
        return calls

    def end(self) -> list[int]:
        """The codes of the last call of the turn."""
        rest, self.waiting = self.waiting, [SILENCE] * LOOK_AHEAD
        return rest


@dataclass(frozen=True, eq=False)
class Token2Wav:
    """The official networks, shared by all sessions."""

    flow: Flow
    hift: Hift

    def voice(self, prompt: VoicePrompt) -> SpeakingVoice:
        """A voice from a prompt; takes as long as synthesising audio of that length."""
        device = self.flow.input_embedding.weight.device
        codes = torch.cat([prompt.codes, torch.full((self.flow.look_ahead,), SILENCE)])
        speaker = prompt.speaker.to(device)
        return SpeakingVoice(self, speaker, self.flow.begin(codes.to(device), prompt.mel.to(device), speaker))


@dataclass(frozen=True, eq=False)
class SpeakingVoice:
    """The networks and the state at the start of every turn; a call returns a session's vocoder."""

    networks: Token2Wav
    speaker: Tensor
    begun: FlowState

    def __call__(self, seed: int = 0) -> VoiceStream:
        return VoiceStream(self, seed)


class VoiceStream:
    """The vocoder of one session. Each call except the last of a turn holds back 160 ms, which the next call
    synthesises again; the first call starts with 160 ms of silence, so that a second of codes always gives a second of
    audio."""

    def __init__(self, voice: SpeakingVoice, seed: int = 0) -> None:
        self._voice, self._seed = voice, seed
        self._held_samples = HELD_FRAMES * voice.networks.hift.sizes.hop
        self._fade = torch.from_numpy(np.hamming(2 * self._held_samples)).float()  # as published: sums up to 1.08
        self.restart()

    def restart(self) -> None:
        """Discard the current turn."""
        self._state = self._voice.begun.copy()
        self._generator = torch.Generator().manual_seed(self._seed)
        self._mel = torch.zeros(0, self._voice.networks.flow.sizes.bins)
        self._source, self._sound = torch.zeros(1, 0), torch.zeros(0)

    @torch.inference_mode()
    def stream(self, codes: list[int], last: bool) -> NDArray[np.float32]:
        """See `Vocoder`. The codes of a call see one another, so the audio depends on how they are cut."""
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
        """`sound` with its start crossfaded from the held-back samples."""
        count = len(self._sound)
        if not count:
            return sound
        rising, falling = self._fade[:count], self._fade[self._held_samples :][:count]
        return torch.cat([sound[:count] * rising + self._sound * falling, sound[count:]])
