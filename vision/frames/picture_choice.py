"""Chooses the pictures that models see: when the view is new, the sharpest of the last frames, within a budget.

Pure: frames come in with their times. The budget is a token bucket: while it is full a small change is worth a picture,
while it is low only a large one, and a question takes one always. The context of the model sets it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from vision.frames.change import Sketch, moved
from vision.picture import Picture


@dataclass(frozen=True)
class PictureChoiceSettings:
    """Rates and intervals, on the session clock."""

    per_min: float = 12.0  # pictures
    at_once: float = 3.0  # pictures that may follow one another
    still_every_s: float = 30.0  # while nothing changes, so that one is in the context
    settle_s: float = 0.6  # how long a changed view may take to stand still
    recent_s: float = 0.4  # age up to which a sharper frame is still the present
    fresh_s: float = 3.0  # age up to which a picture of the same view answers a question


# The share of the picture that must have changed, with a full budget and with an empty one.
_LEAST_NEWS, _MOST_NEWS = 0.006, 0.25
_KNOWN_VIEWS = 4  # pictures chosen last: a view that returns is half as new
_SEEN_BEFORE = 0.5
_BLUR = 0.05  # share of the picture up to which two frames of a new view may differ, since blur changes edges


@dataclass(frozen=True, slots=True, eq=False)
class _SketchedPicture:
    picture: Picture
    sketch: Sketch


class PictureChoice:
    """The choice of one session."""

    def __init__(self, settings: PictureChoiceSettings | None = None) -> None:
        self._settings = settings or PictureChoiceSettings()
        self._left = self._settings.at_once
        self._at = float("-inf")
        self._recent: deque[_SketchedPicture] = deque(maxlen=4)
        self._chosen: deque[_SketchedPicture] = deque(maxlen=_KNOWN_VIEWS)
        self._new_since: float | None = None  # since when the view has been worth a picture
        self.unchanged = False  # whether the newest frame shows what the picture chosen last shows

    def offer(self, picture: Picture, sketch: Sketch, *, still: bool, asked: bool = False) -> Picture | None:
        """Takes the newest frame; `still` if it equals the frame before. Returns the picture to show, if one is due."""
        frame = _SketchedPicture(picture, sketch)
        self._recent.append(frame)
        self._refill(picture.at)
        news = self._news(frame)
        self.unchanged = news < _LEAST_NEWS
        if asked and (news or self._age(picture.at) > self._settings.fresh_s):
            return self._choose(picture.at)
        if not self._is_new(news, picture.at):
            self._new_since = None
            return None
        if self._new_since is None:
            self._new_since = picture.at
        if not still and self._chosen and picture.at - self._new_since < self._settings.settle_s:
            return None
        return self._choose(picture.at)

    def _refill(self, at: float) -> None:
        gained = (at - self._at) * self._settings.per_min / 60 if self._chosen else 0.0
        self._left, self._at = min(self._left + gained, self._settings.at_once), at

    def _news(self, frame: _SketchedPicture) -> float:
        """How new the view is, 0..1."""
        if not self._chosen:
            return 1.0
        news = moved(self._chosen[-1].sketch, frame.sketch)
        if news and any(not moved(known.sketch, frame.sketch) for known in list(self._chosen)[:-1]):
            news *= _SEEN_BEFORE
        return news

    def _is_new(self, news: float, at: float) -> bool:
        if self._left < 1:
            return False
        full = (self._left - 1) / max(self._settings.at_once - 1, 1e-6)
        needed = _LEAST_NEWS + (_MOST_NEWS - _LEAST_NEWS) * (1 - full) ** 2
        return news >= needed or self._age(at) >= self._settings.still_every_s

    def _age(self, at: float) -> float:
        return at - self._chosen[-1].picture.at if self._chosen else float("inf")

    def _choose(self, at: float) -> Picture:
        """The sharpest recent frame of the present view, which is in the context from now on."""
        newest, since = self._recent[-1], max(at - self._settings.recent_s, self._new_since or 0.0)
        recent = [frame for frame in self._recent if frame.picture.at >= since]
        alike = [
            frame
            for frame in recent
            if moved(newest.sketch, frame.sketch) <= (0.0 if self._new_since is None else _BLUR)
        ]
        best = max([newest, *alike], key=lambda frame: frame.sketch.sharpness)
        self._chosen.append(best)
        self._new_since, self.unchanged = None, True
        self._left = max(0.0, self._left - 1)
        return best.picture
