"""What the words say about the end of a turn: asked of the mind when a pause has a transcript, weighed against silence
by the ears. Decides nothing.
"""

from __future__ import annotations

from audio.endpointing import EndpointerSettings
from dialogue.engine import SemanticTurnJudge
from dialogue.engines.semantic_turn import FINISHED, UNFINISHED
from stream.models.setup import Setup
from stream.runtime.device_thread import DeviceThread


class TurnDetection:
    """One session's. Without a judge there is never an opinion, and silence alone decides."""

    def __init__(self, judge: SemanticTurnJudge | None, thread: DeviceThread) -> None:
        self._judge, self._thread = judge, thread
        self._finished: float | None = None

    async def weigh(self, text: str) -> None:
        """The user pauses after `text`. A cancelled weighing leaves no opinion."""
        if self._judge is not None and text:
            self._finished = await self._thread.run(self._judge.finished, text)

    def take(self) -> float | None:
        """The newest opinion, once."""
        finished, self._finished = self._finished, None
        return finished


def end_of_speech_settings(setup: Setup) -> EndpointerSettings:
    return EndpointerSettings(
        pause_after_s=setup.speculate_after_s,
        hangover_s=setup.hangover_s,
        surely_finished=FINISHED,
        surely_unfinished=UNFINISHED,
        hangover_unfinished_s=setup.hangover_unfinished_s,
    )
