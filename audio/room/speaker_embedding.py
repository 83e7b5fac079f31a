"""Describes a voice by 256 numbers, so that two utterances can be compared: the GE2E speaker encoder of Resemblyzer.

Three LSTM layers over windows of 1.6 s (arXiv 1710.10467; weights of Resemblyzer 0.1.4, Apache-2.0). A window costs
27 ms of processor time on one core.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.loudness import level_dbfs
from audio.mel import FRAMES_PER_S, power_mel

SIZE, LAYERS, BANDS = 256, 3, 40
WINDOW, STEP = round(1.6 * FRAMES_PER_S), round(0.8 * FRAMES_PER_S)  # frames of 10 ms
MOST_WINDOWS = 6  # 5.6 s of speech say as much about a voice as more of it
LEVEL_DBFS = -30.0  # of the speech that the encoder was trained on

Embedding = NDArray[np.float32]  # (256,), of length one; similar voices have a product near one


class SpeakerEncoder:
    """Used by one thread at a time."""

    def __init__(self, weights: Path) -> None:
        """`weights` is a safetensors file. Raises OSError, and safetensors' and torch's errors for a damaged one."""
        import torch
        from safetensors.torch import load_file

        state = load_file(weights)
        self._lstm = torch.nn.LSTM(BANDS, SIZE, LAYERS, batch_first=True)
        self._lstm.load_state_dict({name[5:]: each for name, each in state.items() if name.startswith("lstm.")})
        self._linear = torch.nn.Linear(SIZE, SIZE)
        self._linear.load_state_dict({name[7:]: each for name, each in state.items() if name.startswith("linear.")})

    def embed(self, samples_16k: Samples) -> Embedding:
        """The voice in (n,) float32 samples at 16 kHz. Needs at least a tenth of a second."""
        import torch

        levelled = samples_16k * np.float32(10 ** ((LEVEL_DBFS - level_dbfs(samples_16k)) / 20))
        mel = power_mel(levelled[: (MOST_WINDOWS + 1) * HEARING_RATE_HZ * STEP // FRAMES_PER_S], BANDS).T
        starts = range(0, max(1, len(mel) - WINDOW + 1), STEP)
        windows = np.stack([mel[start : start + WINDOW] for start in starts])
        with torch.inference_mode():
            _, (hidden, _) = self._lstm(torch.from_numpy(windows.astype(np.float32)))
            each = torch.nn.functional.normalize(torch.relu(self._linear(hidden[-1])), dim=1)
            mean: Embedding = torch.nn.functional.normalize(each.mean(0), dim=0).numpy()
        return mean
