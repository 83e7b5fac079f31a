"""Thins out the frames of a film to as many as a model takes, as they come and without knowing their number."""

from __future__ import annotations

from vision.picture import Picture


class FilmFrames:
    """Holds at most twice `most` frames; when there are more, every other one is dropped."""

    def __init__(self, most: int) -> None:
        self._most, self._every, self._seen = most, 1, 0
        self._kept: list[Picture] = []
        self._newest: Picture | None = None

    def add(self, picture: Picture) -> None:
        if self._seen % self._every == 0:
            self._kept.append(picture)
            if len(self._kept) > 2 * self._most:
                self._kept = self._kept[::2]
                self._every *= 2
        self._seen += 1
        self._newest = picture

    def chosen(self) -> list[Picture]:
        """At most `most` frames, evenly spread, with the first and the last; all frames where there are fewer."""
        kept = list(self._kept)
        if self._newest is not None and kept[-1] is not self._newest:
            kept.append(self._newest)
        last = len(kept) - 1
        if last < self._most:
            return kept
        return [kept[round(index * last / (self._most - 1))] for index in range(self._most)]
