"""What an interruption kept the user from hearing, for "go on" and "what did you say?"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialogue.languages.floor_words import is_about_floor, is_backchannel_in
from dialogue.languages.language import ENGLISH

_POLITE = r"(?:(?:please|okay|ok|yes|yeah|no|sorry|so|and|well|alright|all right|go on)[,. ]+)*"
_GO_ON = re.compile(
    rf"{_POLITE}(?:(?:can|could|would|will) you )?(?:please )?"
    r"(?:go on|go ahead|continue|carry on|keep (?:going|talking)|finish (?:that|your (?:sentence|answer)))"
    r"(?: with (?:that|it|your (?:answer|sentence|story)))?(?:,? please)?[.!?]*",
    re.IGNORECASE,
)
_WHAT = re.compile(
    rf"{_POLITE}(?:what (?:did you (?:just )?say|were you (?:saying|going to say))"
    r"|(?:(?:can|could) you )?(?:say|repeat) that(?: again)?|come again"
    r"|i (?:did not|didn't) (?:hear|catch) (?:that|you))(?: just now)?(?:,? please)?[.!?]*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+|[。！？][”’」』）]*")


@dataclass(frozen=True, slots=True)
class Unheard:
    """A reply that was cut: `said` is all its text so far, `heard` the number of characters that the user heard.

    `complete`: no more text was to come. `cut_at` is on the session clock.
    """

    said: str
    heard: int
    complete: bool
    cut_at: float

    def continuation(self, question: str, began_at: float, code: str = ENGLISH) -> str | None:
        """The rest of the reply for "go on", the cut sentence and the rest for "what did you say?"; else None. The
        question is in the language `code`.

        A backchannel that began before the cut and caused it gets the rest too: nobody wanted to interrupt.
        """
        start = self.heard
        # Without words, as an engine that hears has them, it may have been anything.
        caused_it = bool(question.strip()) and began_at < self.cut_at and is_backchannel_in(question, code)
        if _WHAT.fullmatch(question.strip()) or is_about_floor("again", question, code):
            ends = [end.end() for end in _SENTENCE_END.finditer(self.said) if end.end() <= self.heard]
            start = ends[-1] if ends else 0
        elif not (caused_it or _GO_ON.fullmatch(question.strip()) or is_about_floor("go_on", question, code)):
            return None
        rest = self.said[start:].strip()
        if not self.complete:  # the last sentence may lack its end
            ends = [end.end() for end in _SENTENCE_END.finditer(f"{rest} ")]
            rest = rest[: ends[-1]].strip() if ends else ""
        return rest or None
