"""Has the user finished? The language model's opinion of a transcript so far.

A chat model has read many finished messages: after a finished one it expects the end of the turn, after "what is the"
it does not. Blocking, a few milliseconds; pure given the model. Hears no pause and knows no clock: a judge of words
for `stream` to weigh against silence.
"""

from __future__ import annotations

import torch

from dialogue.llm.language_model import LanguageModel
from dialogue.prompts.chat_format import ChatFormat
from dialogue.prompts.chat_template import chatml

# Only the end of what was said decides, and every token costs time.
LAST_CHARACTERS = 240
_MARKS = (".", "?", "!")
_TRAILING_OFF = ("...", "…", "-")

# Of SmolLM2-135M on 76 transcripts of whole, cut and terse sentences (tests/dialogue/finished_or_cut.tsv spoken by our
# voice and written down by our ears): at FINISHED or more were 26 of 30 whole ones, at UNFINISHED or less 12 of 30 cut
# ones, no whole one, and of 16 terse ones ("How many?") one.
FINISHED, UNFINISHED = 0.08, 0.0006


class SemanticTurnDetector:
    """Made once per process for a ChatML model; holds no session."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._chat = ChatFormat(model.tokenizer, chatml)
        marks = {self._chat.encode(mark)[0] for mark in _MARKS}
        self._ends = torch.tensor(sorted(model.stop_ids | marks))

    def probability(self, text: str) -> float:
        """That the user has finished, 0..1; 0 for no words at all.

        Final punctuation is ignored, since transcribers end cut sentences with a full stop too: it is the
        probability that the model would end the turn or set such a mark here. But what a transcriber lets trail off
        ("I think the...") is not finished. No calibrated chance: see FINISHED and UNFINISHED.
        """
        if text.rstrip().endswith(_TRAILING_OFF):
            return 0.0
        words = self._chat.plain(text)[-LAST_CHARACTERS:].rstrip(" .?!…")
        if not words:
            return 0.0
        ids = self._chat.listening([], words)
        hidden = self._model.forward(self._model.new_cache(len(ids)), torch.tensor(ids))
        return min(1.0, float(self._model.logits(hidden[-1]).softmax(-1)[self._ends].sum()))
