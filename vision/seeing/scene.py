"""The scene table: things in view, text that was read, and events, as data. State of one session.

Holds what detection and reading report. Times are seconds on the session clock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Literal

from vision.colours import Light
from vision.motion import Motion
from vision.placing import Distance, Place, distance_of, place_of
from vision.reading.sign_memory import SignMemory
from vision.reading.signs import Sign
from vision.relations import Relation, relations
from vision.scene_event import SceneEvent, SceneEventKind
from vision.scene_fact import SceneFact
from vision.tracking import Track

_MOST_EVENTS = 50
_ARRIVAL_S = 2.0  # after the camera starts or is uncovered: what is seen then was there before and is no arrival


class Scene:
    """Fed in order of time with what was seen; `facts` returns the table."""

    def __init__(self) -> None:
        self.at = 0.0  # of the newest input
        self._tracks: dict[int, Track] = {}
        self._places: dict[int, Place] = {}
        self._colours: dict[int, Counter[str]] = {}
        self._names: Mapping[int, str] = {}
        self._signs = SignMemory()
        self._light: Light | Literal[""] = ""
        self._lit_since = 0.0
        self._dominant: tuple[str, ...] = ()
        self._camera_since: float | None = None
        self._has_read = False
        self._covered = False
        self._motion = Motion()
        self._departed: deque[int] = deque(maxlen=_MOST_EVENTS)  # numbers of objects that left, which may return
        self._events: deque[SceneEvent] = deque(maxlen=_MOST_EVENTS)
        self._untaken = 0

    def see(
        self, tracks: Sequence[Track], colours: Mapping[int, str], at: float, names: Mapping[int, str] | None = None
    ) -> None:
        """Takes the objects in view, and by track number the colours and finer names of those that have clear ones."""
        self._begin(at)
        self._names = names or {}
        before, now = self._tracks, {track.number: track for track in tracks}
        self._tracks = now
        for number, track in now.items():
            self._places[number] = place_of(track.box, self._places.get(number, ""))
            if number in colours:
                self._colours.setdefault(number, Counter())[colours[number]] += 1
        self._log_departures(before, now)
        self._log_arrivals(before, now)
        for track, movement in self._motion.update(tracks, at):
            others = sum(each.label == track.label for each in tracks) - 1
            self._log(self._event(movement, track, others))
        for number in self._places.keys() - now.keys():
            del self._places[number]
            self._colours.pop(number, None)

    def read(self, signs: Sequence[Sign], at: float) -> None:
        """Takes the signs that one reading found."""
        self._begin(at)
        events = self._signs.read(signs, at)
        if self._has_read:
            self._log(*events)
        self._has_read = True

    def lit(self, light: Light, dominant: Sequence[str], at: float) -> None:
        """Takes the brightness and the names of the main colours."""
        self._begin(at)
        self._covered = False
        self._set_light(light, at)
        self._dominant = tuple(dominant)

    def covered(self, at: float) -> None:
        """The lens is covered, or there is no light: nothing is in view, and what was read belongs to the past."""
        self._begin(at)
        self._covered, self._camera_since = True, None
        self._set_light("dark", at)
        self._nothing_in_view()

    def _set_light(self, light: Light, at: float) -> None:
        if light != self._light:
            if "dark" in (light, self._light) and self._light:
                self._log(SceneEvent("light off" if light == "dark" else "light on", at))
            self._light, self._lit_since = light, at

    def camera_lost(self, at: float) -> None:
        """The camera stopped: nothing is in view; texts are remembered."""
        self.at = at
        self._nothing_in_view()
        self._light, self._lit_since = "dark", at
        self._camera_since, self._has_read = None, False

    def _nothing_in_view(self) -> None:
        for forgotten in (self._tracks, self._places, self._colours):
            forgotten.clear()
        self._motion.clear()
        self._signs.camera_lost()
        self._dominant = ()

    def facts(self) -> tuple[SceneFact, ...]:
        """Objects (people first), texts in view, remembered texts, colours, light."""
        return (*self._objects(), *self._texts(), *self._colour_facts(), *self._light_facts())

    def events(self) -> tuple[SceneEvent, ...]:
        """What came, went, moved and changed, oldest first; the last fifty."""
        return tuple(self._events)

    def take_new_events(self) -> tuple[SceneEvent, ...]:
        """Those that were not taken yet."""
        new = tuple(self._events)[len(self._events) - self._untaken :] if self._untaken else ()
        self._untaken = 0
        return new

    def relations(self) -> tuple[Relation, ...]:
        """How the objects in view stand to one another."""
        return relations(list(self._tracks.values()))

    def present(self) -> tuple[SceneFact, ...]:
        """The facts without the texts that have left the view."""
        return tuple(fact for fact in self.facts() if fact.kind != "text" or fact.at == self.at)

    def _begin(self, at: float) -> None:
        self.at = at
        if self._camera_since is None:
            self._camera_since = at

    def _objects(self) -> list[SceneFact]:
        groups: dict[tuple[str, Place, Distance, str, str], list[Track]] = {}
        for number, track in self._tracks.items():
            place, distance = self._places[number], distance_of(track.label, track.box)
            key = (track.label, place, distance, self._colour(number), self._names.get(number, ""))
            groups.setdefault(key, []).append(track)
        facts = [
            SceneFact(
                "object",
                label,
                len(group),
                place,
                distance,
                colour,
                since=min(track.since for track in group),
                at=max(track.at for track in group),
                name=name,
            )
            for (label, place, distance, colour, name), group in groups.items()
        ]
        return sorted(facts, key=lambda fact: (fact.label != "person", fact.since))

    def _texts(self) -> list[SceneFact]:
        # A sign that the last reading found counts as still there: it is read again when something changes.
        signs = [] if self._covered else self._signs.signs
        return [
            SceneFact(
                "text",
                "sign",
                place=place_of(sign.box),
                text=sign.text,
                since=sign.since,
                at=self.at if sign.is_there else sign.at,
            )
            for sign in signs
        ]

    def _colour_facts(self) -> list[SceneFact]:
        return [SceneFact("colour", name, since=self.at, at=self.at) for name in self._dominant]

    def _light_facts(self) -> list[SceneFact]:
        return [SceneFact("light", self._light, since=self._lit_since, at=self.at)] if self._light else []

    def _log_departures(self, before: Mapping[int, Track], now: Mapping[int, Track]) -> None:
        counts = Counter(track.label for track in before.values())
        for number in before.keys() - now.keys():
            counts[before[number].label] -= 1
            self._departed.append(number)
            self._log(self._event("left", before[number], counts[before[number].label]))

    def _log_arrivals(self, before: Mapping[int, Track], now: Mapping[int, Track]) -> None:
        counts = Counter(before[number].label for number in before.keys() & now.keys())
        for number in now.keys() - before.keys():
            track = now[number]
            was_there = self._camera_since is None or track.since - self._camera_since < _ARRIVAL_S
            if number in self._departed or not was_there:
                self._log(self._event("entered", track, counts[track.label]))
            counts[track.label] += 1

    def _event(self, kind: SceneEventKind, track: Track, others: int) -> SceneEvent:
        number, label = track.number, track.label
        place, distance = self._places[number], distance_of(label, track.box)
        return SceneEvent(kind, self.at, label, others, number, self._colour(number), place, distance)

    def _colour(self, number: int) -> str:
        return self._colours[number].most_common(1)[0][0] if number in self._colours else ""

    def _log(self, *events: SceneEvent) -> None:
        self._events.extend(events)
        self._untaken = min(self._untaken + len(events), len(self._events))
