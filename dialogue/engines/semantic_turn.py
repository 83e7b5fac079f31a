"""Detects semantically whether the user has finished, from the transcript so far and the chat model's probabilities.

A chat model has read many finished messages: after a finished one it expects the end of the turn, after "what is the"
it does not. Blocking, a few milliseconds; pure given the model. `stream` weighs the result against the silence that
the VAD measures.
"""

from __future__ import annotations

import torch

from dialogue.llm.language_model import LanguageModel
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.chat_template import chatml

# Only the end of the transcript decides, and every token costs time.
LAST_CHARACTERS = 240
_END_MARKS = (".", "?", "!")
_TRAILING_OFF = ("...", "…", "-")

# Measured with SmolLM2-135M on 76 transcripts of whole, cut and terse sentences (tests/dialogue/engines/
# finished_or_cut.tsv, spoken by the built-in TTS and transcribed by the built-in ASR). FINISHED or more: 26 of 30 whole
# ones. UNFINISHED or less: 12 of 30 cut ones, no whole one, 1 of 16 terse ones ("How many?").
FINISHED, UNFINISHED = 0.08, 0.0006


class SemanticTurnDetector:
    """Made once per process for a ChatML model; holds no session state."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._chat = ChatFormat(model.tokenizer, chatml)
        marks = {self._chat.encode(mark)[0] for mark in _END_MARKS}
        self._ends = torch.tensor(sorted(model.stop_ids | marks))

    def probability(self, text: str) -> float:
        """The probability that the user has finished, 0..1; 0 for no words. Uncalibrated: see FINISHED and UNFINISHED.

        It is the probability that the model ends the turn or writes final punctuation after these words. Final
        punctuation of the transcript is ignored, because ASR ends cut sentences with a full stop too; a transcript
        that trails off ("I think the...") is not finished.
        """
        if text.rstrip().endswith(_TRAILING_OFF):
            return 0.0
        words = self._chat.plain(text)[-LAST_CHARACTERS:].rstrip(" .?!…")
        if not words:
            return 0.0
        ids = self._chat.listening([], words)
        hidden = self._model.forward(self._model.new_cache(len(ids)), torch.tensor(ids))
        return min(1.0, float(self._model.logits(hidden[-1]).softmax(-1)[self._ends].sum()))
