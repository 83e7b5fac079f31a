"""The voice that token2wav speaks with, from a recording: codes, mel, and a vector that tells speakers apart.

Two of the three are networks that the publishers ship as ONNX files; they run as they are. What they are fed is
computed here. The published code resamples the recording to 24 kHz for the mel; its filters end at 8 kHz, so that the
same mel comes from 16 kHz with windows of the same duration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad
from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

from dialogue.errors import BadInput
from dialogue.minicpm.audio.mel import CLIP_S, HOP, RANGE, RATE, WINDOW, Samples, checked

SHORTEST_S = 1.0  # of a recording that a voice can be told from
MEL_WINDOW, MEL_HOP = 1280, 320  # at 16 kHz: 80 and 20 ms
MEL_BINS = 80
MEL_RATE = 24_000  # what the filters were made for
CODE_BINS = 128


@dataclass(frozen=True, slots=True, eq=False)
class VoicePrompt:
    """Codes int64 (n,), mel float32 (2 n, 80) and the speaker's vector float32 (192,)."""

    codes: Tensor
    mel: Tensor
    speaker: Tensor


class VoiceReader:
    """The two ONNX networks, shared by all sessions."""

    def __init__(self, tokenizer: Path, speaker: Path) -> None:
        """Raises BadInput for files that are no such networks."""
        self._tokenizer, self._speaker = (_opened(path, inputs) for path, inputs in ((tokenizer, 2), (speaker, 1)))

    def read(self, samples: Samples) -> VoicePrompt:
        """A recording, float32 mono 16 kHz, of 1 to 30 s. Raises BadInput for another."""
        if not SHORTEST_S * RATE <= len(checked(samples)) <= CLIP_S * RATE:
            took = len(samples) / RATE
            raise BadInput(f"A voice is read from 1 to {CLIP_S} s of speech, not from {took:.1f} s; cut the recording.")
        heard = code_mel(samples)[None].numpy()
        codes = _run(self._tokenizer, heard, np.array([heard.shape[2]], np.int32)).reshape(-1)
        speaker = _run(self._speaker, filter_banks(samples)[None]).reshape(-1)
        mel = prompt_mel(samples)
        wanted = 2 * len(codes)
        if wanted > len(mel):
            mel = torch.cat([mel, mel[-1:].expand(wanted - len(mel), -1)])
        return VoicePrompt(torch.from_numpy(codes.astype(np.int64)), mel[:wanted], torch.from_numpy(speaker).float())


def code_mel(samples: Samples) -> Tensor:
    """What the codes are read from: (n,) -> (128, frames), Whisper's mel with the ends mirrored."""
    window = torch.hann_window(WINDOW)
    waves = torch.stft(torch.tensor(samples), WINDOW, HOP, window=window, return_complex=True)[:, :-1]
    power = torch.from_numpy(_filters(CODE_BINS, WINDOW, RATE)) @ waves.abs().square()
    level = power.clamp(min=1e-10).log10()
    return (level.maximum(level.max() - RANGE) + 4) / 4


def prompt_mel(samples: Samples) -> Tensor:
    """What the flow is shown of a voice: (n,) at 16 kHz -> (frames, 80), natural logarithms."""
    edge = (MEL_WINDOW - MEL_HOP) // 2
    sound = pad(torch.tensor(samples)[None], (edge, edge), mode="reflect")[0]
    window = torch.hann_window(MEL_WINDOW)
    waves = torch.stft(sound, MEL_WINDOW, MEL_HOP, window=window, center=False, return_complex=True)
    # A window of as many seconds has half as many samples again at 24 kHz, and sums up to as much more.
    amplitude = ((MEL_RATE / RATE * waves.abs()).square() + 1e-9).sqrt()
    filters = torch.from_numpy(_filters(MEL_BINS, MEL_WINDOW, RATE))
    return (filters @ amplitude).clamp(min=1e-5).log().T


def filter_banks(samples: Samples) -> NDArray[np.float32]:
    """What the speaker is told from: (n,) -> (frames, 80), Kaldi's filter banks, each bin's mean taken away."""
    banks = spectrogram(
        samples,
        window_function(WINDOW, "povey", periodic=False),
        frame_length=WINDOW,
        hop_length=HOP,
        fft_length=512,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=_kaldi_filters(),
        log_mel="log",
        mel_floor=float(np.finfo(np.float32).eps),
        remove_dc_offset=True,
    ).T
    centred: NDArray[np.float32] = (banks - banks.mean(axis=0)).astype(np.float32)
    return centred


@lru_cache(maxsize=4)
def _filters(bins: int, window: int, rate: int) -> NDArray[np.float32]:
    """(bins, window / 2 + 1), up to 8 kHz."""
    made = mel_filter_bank(window // 2 + 1, bins, 0.0, 8000.0, rate, norm="slaney", mel_scale="slaney")
    return np.ascontiguousarray(made.T, np.float32)


@lru_cache(maxsize=1)
def _kaldi_filters() -> NDArray[np.float64]:
    made: NDArray[np.float64] = mel_filter_bank(
        257, 80, 20.0, RATE / 2, RATE, mel_scale="kaldi", triangularize_in_mel_space=True
    )
    return made


def _opened(path: Path, inputs: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has an exception class for every kind of damage
        raise BadInput(f"{path.name} cannot be opened as an ONNX network; download it again. ({error})") from error
    if len(session.get_inputs()) != inputs:
        raise BadInput(f"{path.name} takes {len(session.get_inputs())} inputs, not {inputs}: it is another network.")
    return session


def _run(session: Any, *inputs: NDArray[Any]) -> NDArray[Any]:
    names = [given.name for given in session.get_inputs()]
    found: NDArray[Any] = session.run(None, dict(zip(names, inputs, strict=True)))[0]
    return found
