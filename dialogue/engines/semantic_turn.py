"""Detects semantically whether the user has finished, from the transcript so far and the chat model's probabilities.

A chat model has read many finished messages: after a finished one it expects the end of the turn, after "what is the"
it does not. Blocking, a few milliseconds; pure given the model. `stream` weighs the result against the silence that
the VAD measures.
"""

from __future__ import annotations

import torch

from dialogue.llm.language_model import LanguageModel
from dialogue.llm.token_context import TokenContext
from dialogue.prompts.chat_format import ChatFormat, Render
from dialogue.prompts.chat_template import chatml
from dialogue.prompts.prompt import ChatMessage

# How people talk in a call. A model that has read written messages expects "What time is it" to go on; after these it
# expects short ones.
_TALK = (
    ("What is this?", "A cup."),
    ("Can you see the dog?", "Yes, I can."),
    ("I like this song.", "So do I."),
    ("Where are my shoes?", "Under the chair."),
    ("Turn it down, please.", "All right."),
    ("How many books do you see?", "Three."),
    ("My brother lives in Rome and works for a bank.", "That is nice."),
    ("Is it raining?", "No."),
    ("Tell me a joke.", "All right."),
    ("No, the other one.", "I see."),
    ("When does the shop open?", "At nine."),
    ("Yes.", "Good."),
)

# Only the end of the transcript decides, and every token costs time.
LAST_CHARACTERS = 240
_END_MARKS = (".", "?", "!")
_TRAILING_OFF = ("...", "…", "-")


class SemanticTurnDetector:
    """Made once per process; holds no session state. `render` is the model's chat template."""

    def __init__(self, model: LanguageModel, render: Render = chatml) -> None:
        self._model = model
        self._chat = ChatFormat(model.tokenizer, render)
        marks = {self._chat.encode(mark)[0] for mark in _END_MARKS}
        self._ends = torch.tensor(sorted(model.stop_ids | self._chat.turn_ends() | marks))
        self._talk = [
            message for said, reply in _TALK for message in (ChatMessage("user", said), ChatMessage("assistant", reply))
        ]
        opening = self._chat.listening(self._talk)
        self._opening = TokenContext(model, model.new_cache(len(opening)))
        while self._opening.follow(opening, True):
            pass

    def probability(self, text: str) -> float:
        """The probability that the user has finished, 0..1; 0 for no words. Not calibrated:
        `stream.perception.turn_end_model` weighs it against what the sound says.

        It is the probability that the model ends the turn or writes final punctuation after these words. Final
        punctuation of the transcript is ignored, because ASR ends cut sentences with a full stop too; a transcript
        that trails off ("I think the...") is not finished.
        """
        if text.rstrip().endswith(_TRAILING_OFF):
            return 0.0
        words = self._chat.plain(text)[-LAST_CHARACTERS:].rstrip(" .?!…")
        if not words:
            return 0.0
        ids = self._chat.listening(self._talk, words)
        context = TokenContext(self._model, cache := self._model.new_cache(len(ids)))
        context.copy_from(self._opening)
        hidden = self._model.forward(cache, torch.tensor(ids[len(context.ids) :]))
        return min(1.0, float(self._model.logits(hidden[-1]).softmax(-1)[self._ends].sum()))
