"""Semantic turn detection: judges from the transcript of a pause whether the user has finished.

The judgement goes to the endpointer, which combines it with the silence and decides.
"""

from __future__ import annotations

from audio.endpointing import EndpointerSettings
from dialogue.engine import SemanticTurnJudge
from dialogue.engines.semantic_turn import FINISHED, UNFINISHED
from stream.models.setup import Setup
from stream.runtime.device_thread import DeviceThread


class TurnDetection:
    """The turn detection of one session. Without a judge there is no judgement, and silence alone decides."""

    def __init__(self, judge: SemanticTurnJudge | None, thread: DeviceThread) -> None:
        self._judge, self._thread = judge, thread
        self._finished: float | None = None

    async def judge(self, text: str) -> None:
        """Judges `text`, after which the user pauses. A cancelled call leaves no judgement."""
        if self._judge is not None and text:
            self._finished = await self._thread.run(self._judge.finished, text)

    def take(self) -> float | None:
        """The newest judgement, once: the probability that the user has finished, or None."""
        finished, self._finished = self._finished, None
        return finished


def endpointer_settings(setup: Setup) -> EndpointerSettings:
    return EndpointerSettings(
        pause_after_s=setup.speculate_after_s,
        hangover_s=setup.hangover_s,
        surely_finished=FINISHED,
        surely_unfinished=UNFINISHED,
        hangover_unfinished_s=setup.hangover_unfinished_s,
    )
