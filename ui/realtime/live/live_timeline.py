"""The transcripts of a Live session: pieces of text with their times on the session's timeline, as they are heard."""

from __future__ import annotations

from collections.abc import Callable

from ui.realtime.dialect import Message
from ui.realtime.openai_event import event_of


class LiveTranscripts:
    """`now_ms` is the time on the session's timeline."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._speech_ms: int | None = None  # when the user began to speak
        self._turn: int | None = None
        self._said, self._shown, self._until_ms = "", 0, 0  # of the reply: text, characters shown, until when

    def user_speaks(self) -> None:
        if self._speech_ms is None:
            self._speech_ms = self._now_ms()

    def user_said(self, text: str) -> list[Message]:
        """The whole words of a turn of the user; empty for a noise."""
        start_ms, self._speech_ms = self._speech_ms, None
        now_ms = self._now_ms()
        return self._delta("input", f"{text.strip()} ", start_ms or now_ms, now_ms) if text.strip() else []

    def reply_text(self, turn: int, text: str) -> None:
        """Words of the reply, which are not heard yet."""
        if turn != self._turn:
            self._turn, self._said, self._shown, self._until_ms = turn, "", 0, self._now_ms()
        self._said += text

    def reply_heard(self, turn: int, characters: int) -> list[Message]:
        """`characters` of the reply have been heard by now."""
        if turn != self._turn or characters <= self._shown:
            return []
        piece, start_ms = self._said[self._shown : characters], self._until_ms
        self._shown, self._until_ms = characters, self._now_ms()
        return self._delta("output", piece, start_ms, self._until_ms)

    def reply_ended(self, turn: int, heard: str) -> list[Message]:
        """The reply ends with what was heard of it."""
        rest = self.reply_heard(turn, len(heard))
        self._turn = None
        return rest

    @staticmethod
    def _delta(side: str, text: str, start_ms: int, end_ms: int) -> list[Message]:
        return [event_of(f"session.{side}_transcript.delta", delta=text, start_ms=start_ms, end_ms=end_ms)]
