"""Collects from what is seen what calls for words: rules that came true, and descriptions of changes.

Video perception writes, `stream/session/watch_stage.py` says it. Starts no task; all of it is quick.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from dialogue.blocks import SceneBlock
from dialogue.watching.narration import Narration
from dialogue.watching.watcher import CameTrue, Moving, Watcher
from stream.replies.watch_book import WatchBook
from stream.runtime.link import Link

MOST_WAITING = 8  # rules that came true and were not said; the oldest go first


class WatchNews:
    """The news of one session."""

    def __init__(self, link: Link, *, possible: bool) -> None:
        """`possible`: the session's models report what is in view."""
        self.book = WatchBook(link, possible=possible, on_changed=self._follow)
        self._watchers: dict[int, Watcher] = {}
        self.scene = SceneBlock((), "", 0.0, camera=False)
        self._waiting: deque[CameTrue] = deque(maxlen=MOST_WAITING)
        self.narration: Narration | None = None  # while it is switched on
        self.came = asyncio.Event()  # set when there may be news

    @property
    def attentive(self) -> bool:
        """Whether anything is watched for or described."""
        return bool(self._watchers) or self.narration is not None

    def see(self, scene: SceneBlock) -> None:
        """Takes the next scene."""
        self._follow()
        self._take(watcher.see(scene) for watcher in self._watchers.values())
        self.scene = scene
        if self.narration is not None:
            self.narration.see(scene)
            self.came.set()

    def happened(self, events: Iterable[Moving]) -> None:
        """Takes movements in the newest scene."""
        for event in events:
            self._take(watcher.happened(event) for watcher in self._watchers.values())
            if self.narration is not None:
                self.narration.happened(event)
        self.came.set()

    @property
    def first(self) -> CameTrue | None:
        """The rule that came true first and was not said; rules that were removed meanwhile are dropped."""
        while self._waiting:
            if self.book.holds(self._waiting[0].rule):
                return self._waiting[0]
            if any(rule == self._waiting[0].rule for rule in self.book.rules):
                return None  # the reply that made it is not heard yet
            self._waiting.popleft()
        return None

    def said(self, came_true: CameTrue) -> None:
        """The user has heard it."""
        if came_true in self._waiting:
            self._waiting.remove(came_true)
        self.book.done(came_true.rule)

    def _take(self, news: Iterable[CameTrue | None]) -> None:
        for each in news:
            if each is not None and all(waiting.rule != each.rule for waiting in self._waiting):
                self._waiting.append(each)
                self.came.set()

    def _follow(self) -> None:
        """Follows what is watched for. Rules of a reply that is being made count: what they wait for may come first."""
        rules = {rule.number: rule for rule in self.book.rules}
        self._watchers = {number: watcher for number, watcher in self._watchers.items() if number in rules}
        for number in rules.keys() - self._watchers.keys():
            self._watchers[number] = Watcher(rules[number], self.scene)
        if self.book.narrates != (self.narration is not None):
            self.narration = Narration(self.scene) if self.book.narrates else None
        self.came.set()
