"""Reads aloud all text that the camera shows, any length, and goes on later where it was interrupted."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from dialogue.languages.floor_words import wants_it_read_aloud, wants_more_read_aloud
from dialogue.rules.read_aloud import running_text
from stream.perception.video_perception import VideoPerception

LONG_PAGE = 8  # rows from which on a closer look may find more


class ReadingAloud:
    """One per session. What was not heard of the last reading is kept until the next one."""

    def __init__(self, video: VideoPerception) -> None:
        self._video, self._left = video, ""

    def is_asked(self, words: str, code: str) -> bool:
        """Whether these words, in the language `code`, ask for a reading that is possible."""
        if wants_more_read_aloud(words, code):
            return bool(self._left)
        return wants_it_read_aloud(words, code) and self._video.camera and bool(self._video.page)

    async def pieces(self, words: str, code: str) -> AsyncGenerator[str, None]:
        """The text in quotation marks: what is known at once, then what a closer look adds."""
        if wants_more_read_aloud(words, code):
            yield f"“{self._left.lstrip('“ ')}"
            return
        rows = self._video.page
        yield f"“{running_text(rows)}"
        if len(rows) >= LONG_PAGE and (more := _after(rows, await self._video.read_closely())):
            yield f" {running_text(more)}"
        yield "”"

    def stopped(self, left: str) -> None:
        """The reading is over; `left` is what was not heard."""
        self._left = left.strip()


def _after(said: list[str], page: list[str]) -> list[str]:
    """The rows of the page after the last one that was said."""
    for last in reversed(said):
        if last in page:
            return page[page.index(last) + 1 :]
    return []
