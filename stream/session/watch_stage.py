"""Stage: says unprompted what is watched for and described, once the floor is free; rules come before descriptions.

What to say is chosen when it can be said: what has passed meanwhile is not described. A rule that came true is said
again if nothing of it was heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from dialogue.languages.language import ENGLISH, language
from dialogue.languages.watching import came_true_in, news_in
from dialogue.text.grammar import ago, sentence
from dialogue.watching.narration import News, saying
from dialogue.watching.watcher import CameTrue
from stream.replies.watch_news import WatchNews
from stream.runtime.link import Link
from stream.session.announcing import floor_free, said_now
from stream.session.floor import Floor

LATE_S = 10.0  # after which it is said how long ago a rule came true


class WatchStage:
    """Says the news of one session."""

    def __init__(self, *, news: WatchNews, floor: Floor, link: Link, language: Callable[[], str]) -> None:
        """`language` returns the code of the language that is spoken now."""
        self._news, self._floor, self._link, self._code = news, floor, link, language

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self._news_came()
            await floor_free(self._floor, self._link.now)
            if (came_true := self._news.first) is not None:
                await self._say_rule(came_true)
            else:
                await self._describe()

    async def _news_came(self) -> None:
        """Waits until there is something to say."""
        while self._news.first is None:
            narration, now = self._news.narration, self._link.now()
            if narration is not None and narration.news(now):
                return
            self._news.came.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(narration.wait_s(now) if narration is not None else None):
                    await self._news.came.wait()

    async def _say_rule(self, came_true: CameTrue) -> None:
        passed_s = self._link.now() - came_true.at
        if (code := self._code()) != ENGLISH:
            said = came_true_in(came_true, language(code), passed_s if passed_s > LATE_S else 0.0)
        else:
            said = sentence(f"{ago(passed_s)} {came_true.said}" if passed_s > LATE_S else came_true.said)
        if await said_now(self._floor, said, self._link.now):
            self._news.said(came_true)

    async def _describe(self) -> None:
        narration = self._news.narration
        news = narration.news(self._link.now()) if narration is not None else ()
        if narration is not None and news and await said_now(self._floor, self._saying(news), self._link.now):
            narration.said(news, self._link.now())

    def _saying(self, news: tuple[News, ...]) -> str:
        code = self._code()
        return saying(news) if code == ENGLISH else news_in(news, language(code), self._news.scene)
