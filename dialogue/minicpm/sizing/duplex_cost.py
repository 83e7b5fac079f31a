"""How long units of full duplex take when several sessions' are computed together. Measured once, with the loaded
model, in the worst case: every session sees, hears and speaks all the time in a context that is as full as it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex import Duplex, DuplexUnit, SpokenPiece, units_together
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.sessions.window import UnboundedWindow
from dialogue.minicpm.sizing.unit_cost import MOST, UnitCost, measure
from dialogue.minicpm.sizing.worst_case import SPARE_TOKENS, fill, noise, picture, session_bytes
from dialogue.minicpm.speech.speech_o45 import SpeechDecoderO45, sampled
from dialogue.sizing.session_memory import sessions_in_memory


def measure_duplex(
    model: MiniCPM,
    context: int = 8000,
    make_sound: Callable[[Sequence[SpokenPiece]], object] | None = None,
    most: int = MOST,
    speaks: bool = True,
) -> UnitCost:
    """For sessions of at most `context` tokens; no more of them than memory holds. `make_sound` is given what was
    said in a unit of each session, as a vocoder would be; unless the model `speaks` there is only text. Blocks for
    some seconds."""
    sessions: list[Duplex] = []
    moment = DuplexUnit(noise(), [picture()])

    def compute(count: int) -> None:
        while len(sessions) < count:
            sessions.append(talking(model, context, speaks))
        outcomes = units_together([(session, moment) for session in sessions[:count]])
        said = [one for one in outcomes if isinstance(one, SpokenPiece)]
        for one in outcomes:
            if isinstance(one, Exception):
                raise one
        if make_sound is not None:
            make_sound(said)

    return measure(compute, sessions_in_memory(session_bytes(model, context), model.decoder.device, most))


class _Talking(TokenRule):
    """Never listens and never comes to an end, after thinking about it as long as it always does."""

    def __init__(self, signs: DuplexTokens, forbidden: frozenset[int]) -> None:
        super().__init__(signs, forbidden, DuplexSampling())
        self._speak = signs.speak

    def choose(self, logits: Tensor) -> int:
        super().choose(logits)
        return self._speak


def talking(model: MiniCPM, context: int, speaks: bool = True) -> Duplex:
    """A session in a full context that speaks all the time, whatever it hears."""
    voice = model.voice if speaks and isinstance(model.voice, SpeechDecoderO45) else None
    draw = sampled()

    def choose_code(logits: Tensor, probabilities: Tensor) -> int:
        return draw(logits, probabilities) % (len(probabilities) - 1)  # anything but the end

    session = Duplex(model, voice, UnboundedWindow(), capacity=context + SPARE_TOKENS, choose_code=choose_code)
    session.rule = _Talking(session.signs, model.bad_tokens)
    session.prepare()
    fill(session.cache, context)
    return session
