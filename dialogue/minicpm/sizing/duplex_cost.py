"""Measures how long full-duplex units of several sessions take in one batch.

Measured once with the loaded model, in the worst case: every session sees, hears and speaks in a full context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex import Duplex, DuplexUnit, SpokenPiece, run_unit_batch
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.sessions.window import UnboundedWindow
from dialogue.minicpm.sizing.unit_cost import MAX_SESSIONS, UnitCost, measure
from dialogue.minicpm.sizing.worst_case import SPARE_TOKENS, fill, noise, picture, session_bytes
from dialogue.minicpm.speech.speech_o45 import SpeechDecoderO45, sampled
from dialogue.sizing.session_memory import sessions_in_memory


def measure_duplex(
    model: MiniCPM,
    context: int = 8000,
    make_sound: Callable[[Sequence[SpokenPiece]], object] | None = None,
    most: int = MAX_SESSIONS,
    speaks: bool = True,
) -> UnitCost:
    """The cost for sessions of at most `context` tokens, and at most as many as memory holds. `make_sound` receives the
    output of one unit of each session, as a vocoder would; unless the model `speaks` there is only text. Blocks for
    several seconds."""
    sessions: list[Duplex] = []
    moment = DuplexUnit(noise(), [picture()])

    def compute(count: int) -> None:
        while len(sessions) < count:
            sessions.append(always_speaking(model, context, speaks))
        outcomes = run_unit_batch([(session, moment) for session in sessions[:count]])
        said = [one for one in outcomes if isinstance(one, SpokenPiece)]
        for one in outcomes:
            if isinstance(one, Exception):
                raise one
        if make_sound is not None:
            make_sound(said)

    return measure(compute, sessions_in_memory(session_bytes(model, context), model.decoder.device, most))


class _AlwaysSpeaking(TokenRule):
    """Never listens and never ends a turn, with the full cost of choosing a token."""

    def __init__(self, control: DuplexTokens, forbidden: frozenset[int]) -> None:
        super().__init__(control, forbidden, DuplexSampling())
        self._speak = control.speak

    def choose(self, logits: Tensor) -> int:
        super().choose(logits)
        return self._speak


def always_speaking(model: MiniCPM, context: int, speaks: bool = True) -> Duplex:
    """A session in a full context that always speaks."""
    voice = model.voice if speaks and isinstance(model.voice, SpeechDecoderO45) else None
    draw = sampled()

    def choose_code(logits: Tensor, probabilities: Tensor) -> int:
        return draw(logits, probabilities) % (len(probabilities) - 1)  # any code except the end

    session = Duplex(
        model,
        voice,
        UnboundedWindow(),
        capacity=context + SPARE_TOKENS,
        choose_code=choose_code,
        rule=_AlwaysSpeaking(DuplexTokens.of(model.words), model.bad_tokens),
    )
    session.prepare()
    fill(session.cache, context)
    return session
