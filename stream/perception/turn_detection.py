"""Semantic turn detection: judges from the transcript of a pause whether the user has finished.

The judgement goes to `stream/turns` as an event, which sets how much silence ends the turn.
"""

from __future__ import annotations

from dialogue.engine import SemanticTurnJudge
from dialogue.engines.semantic_turn import FINISHED, UNFINISHED
from stream.models.setup import Setup
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.runtime.device_thread import DeviceThread
from stream.turns.decisions import SpokenQuestion
from stream.turns.patience import Patience


class TurnDetection:
    """The turn detection of one session."""

    def __init__(self, judge: SemanticTurnJudge, thread: DeviceThread, transcripts: SpeechTranscripts) -> None:
        self._judge, self._thread, self._transcripts = judge, thread, transcripts

    async def probability(self, said: SpokenQuestion) -> float | None:
        """The probability that the user has finished; None where there are no words."""
        text = await self._transcripts.final(said)
        return await self._thread.run(self._judge.finished, text) if text else None


def patience(setup: Setup) -> Patience:
    return Patience(
        silence_s=setup.hangover_s,
        finished=FINISHED,
        unfinished=UNFINISHED,
        unfinished_s=setup.hangover_unfinished_s,
    )
