"""Units on their way to an engine that may be late: bounded, and its class says what gives way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stream.perception.interleave import Unit
from stream.runtime.lanes import QueueClosed, Waker


@dataclass(slots=True)
class UnitsLost:
    """What a late engine has cost so far: pictures not shown, seconds not heard."""

    pictures: int = 0
    units: int = 0


class UnitQueue(Waker):
    """Units on their way to an engine. When it is late, pictures go first, then sound.

    More than `pictures` units with a picture: the oldest picture is not shown. More than `units` units: the two
    oldest become one (`joins`: for an engine that answers turns, where every word counts), as long as it lasts at
    most `joined_s`; otherwise the oldest is skipped, and what was heard in it is lost (for one that answers seconds,
    where late is worse than lost). Typed words are never lost: they move on to the next unit. All of it is counted.
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
        """The oldest, if it begins before that."""
        if self._waiting and self._waiting[0].start_s < before_s:
            return self._waiting.pop(0)
        return None

    async def get(self) -> Unit:
        """The oldest; waits for one. Raises LaneClosed once closed."""
        while not self._waiting:
            if self.closed:
                raise QueueClosed
            await self.woken()
        return self._waiting.pop(0)

    def clear(self) -> None:
        """Units that nobody wants any more; they do not count as lost."""
        self._waiting.clear()

    def _drop_pictures(self) -> None:
        with_picture = [place for place, unit in enumerate(self._waiting) if unit.picture is not None]
        for place in with_picture[: -self._pictures or None] if len(with_picture) > self._pictures else ():
            self._waiting[place] = replace(self._waiting[place], picture=None)
            self.lost.pictures += 1

    def _make_room(self) -> None:
        oldest, second = self._waiting.pop(0), self._waiting[0]
        if self._joins and second.end_s - oldest.start_s <= self._joined_s:
            self._waiting[0] = oldest.joined(second)
            return
        self.lost.units += round(oldest.end_s - oldest.start_s)
        self._waiting[0] = replace(second, text="\n".join(filter(None, (oldest.text, second.text))))
