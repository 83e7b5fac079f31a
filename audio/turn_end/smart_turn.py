"""Judges from sound alone whether a person has finished speaking, by Smart Turn v3 (Daily, BSD-2-Clause,
https://github.com/pipecat-ai/smart-turn): the encoder of Whisper tiny with a classifier, for 23 languages.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from audio.chunk import HEARING_RATE_HZ, Samples
from audio.mel import log_mel

WINDOW = 8 * HEARING_RATE_HZ  # samples: the model sees the last eight seconds


class SmartTurn:
    """The model's weights, shared by all sessions. Holds no session state. Blocking: about 50 ms on one thread."""

    def __init__(self, onnx_path: Path | str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Without VNNI, products of 8 bits overflow unless both factors are unsigned (onnxruntime on quantization).
        options.add_session_config_entry("session.x64quantprecision", "1")
        self._session = onnxruntime.InferenceSession(str(onnx_path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def warm_up(self) -> None:
        self.probability(np.zeros(WINDOW, np.float32))

    def probability(self, samples_16k: Samples) -> float:
        """The probability that the speech in (n,) samples at 16 kHz, which end in the pause, is a finished turn."""
        [output] = self._session.run(None, {self._input: features(samples_16k)[None]})
        return float(np.ravel(output)[0])


def features(samples_16k: Samples) -> Samples:
    """(80, 800): the log-mel spectrogram of the last eight seconds, with silence in front of shorter speech.

    The wave is brought to mean 0 and variance 1 first, silence included, as in the model's training.
    """
    window = np.pad(samples_16k[-WINDOW:], (max(0, WINDOW - len(samples_16k)), 0))
    return log_mel(((window - window.mean()) / np.sqrt(window.var() + 1e-7)).astype(np.float32))
