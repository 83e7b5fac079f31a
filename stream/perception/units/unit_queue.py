"""A bounded queue of units for an engine that may be late; it decides what is given up first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stream.perception.interleave import Unit
from stream.runtime.queues import QueueClosed, Waker


@dataclass(slots=True)
class UnitsLost:
    """What a late engine has lost so far: pictures not shown, seconds not heard."""

    pictures: int = 0
    units: int = 0


class UnitQueue(Waker):
    """When the engine is late, pictures are given up first, then sound.

    More than `pictures` units with a picture: the oldest picture is dropped. More than `units` units: the two
    oldest are joined (`joins`: for an engine that answers turns, where every word counts) up to a length of
    `joined_s`; otherwise the oldest is dropped with its sound (for an engine that answers seconds, where late is worse
    than lost). Typed text and the newest picture are not lost: they move to the next unit. `lost` counts what was
    dropped.
    """

    def __init__(self, pictures: int = 2, units: int = 4, *, joins: bool = False, joined_s: float = 10.0) -> None:
        super().__init__()
        self.lost = UnitsLost()
        self._pictures, self._units, self._joins, self._joined_s = pictures, units, joins, joined_s
        self._waiting: list[Unit] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, unit: Unit) -> None:
        if self.closed:
            return
        self._waiting.append(unit)
        self._drop_pictures()
        while len(self._waiting) > self._units:
            self._make_room()
        self.wake()

    def pop(self, before_s: float = float("inf")) -> Unit | None:
        """Takes the oldest unit if it begins before `before_s`."""
        if self._waiting and self._waiting[0].start_s < before_s:
            return self._waiting.pop(0)
        return None

    async def get(self) -> Unit:
        """Takes the oldest unit; waits for one. Raises QueueClosed once closed and empty."""
        while not self._waiting:
            if self.closed:
                raise QueueClosed
            await self.woken()
        return self._waiting.pop(0)

    def clear(self) -> None:
        """Drops units that are void; they do not count as lost."""
        self._waiting.clear()

    def _drop_pictures(self) -> None:
        with_picture = [index for index, unit in enumerate(self._waiting) if unit.picture is not None]
        for index in with_picture[: -self._pictures or None] if len(with_picture) > self._pictures else ():
            self._waiting[index] = replace(self._waiting[index], picture=None)
            self.lost.pictures += 1

    def _make_room(self) -> None:
        oldest, second = self._waiting.pop(0), self._waiting[0]
        if self._joins and second.end_s - oldest.start_s <= self._joined_s:
            self._waiting[0] = oldest.joined(second)
            return
        self.lost.units += round(oldest.end_s - oldest.start_s)
        text, picture = "\n".join(filter(None, (oldest.text, second.text))), second.picture or oldest.picture
        self._waiting[0] = replace(second, text=text, picture=picture, fine=oldest.fine or second.fine)
