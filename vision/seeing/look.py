"""Runs the vision models on a picture (detection, finer names, colours, OCR) and updates the scene table.

Every call blocks and belongs on a worker thread; nothing here starts one. `VisionModels` is shared by the process; a
`SceneUpdate` is the state of one session and is used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2

from vision.box import Box, area, cut, grown
from vision.colours import brightness, dominant_colours, is_covered
from vision.detect import VIEWS, Detector
from vision.naming.name_votes import NameVotes
from vision.naming.namer import Namer
from vision.picture import Picture, Pixels
from vision.reading.page_stitching import PageStitcher
from vision.reading.read_text import Reader
from vision.reading.scanned_page import bands_of, text_of_page
from vision.reading.signs import Sign, signs_of
from vision.reading.text_line import TextLine, rows_of
from vision.seeing.scene import Scene
from vision.tracking import Track, Tracker

_WEAK = 0.3  # score from which a detection has a vote
_MOST_NAMED = 6  # objects of a single picture that finer names are looked for
_CLEAR = 0.4  # share from which a colour is the object's

# Objects of fewer pixels a side get no finer name. The crop shows a little of what is around the object.
_SMALLEST_CROP, _AROUND = 48, 0.05

# A close reading counts as often as it takes to say that a sign is gone (see `sign_memory`).
READINGS_WHEN_CLOSE = 2


class SceneUpdate:
    """The vision state of one session: the tracker's votes and the scene table."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.names = NameVotes()
        self.scene = Scene()
        self.page = PageStitcher()
        self.looks = 0
        self.unread = True  # nothing was read yet since the camera came on
        self._lines: tuple[TextLine, ...] = ()

    def tracks(self) -> list[Track]:
        """The objects in view, with their boxes."""
        return self.tracker.tracks()

    def lines(self) -> tuple[TextLine, ...]:
        """The lines of text that the last reading found, in reading order."""
        return self._lines

    def read(self, lines: Sequence[TextLine], signs: Sequence[Sign], at: float) -> None:
        self._lines, self.unread = tuple(lines), False
        self.page.read(_rated(lines), at)
        self.scene.read(signs, at)

    def covered(self, at: float) -> None:
        """Clears the view: nothing is to be seen through the lens."""
        self.tracker.cover()
        self._lines = ()
        self.scene.covered(at)

    def camera_lost(self, at: float) -> None:
        """Clears the view; the scene keeps the texts that were read."""
        self.tracker.clear()
        self._lines, self.looks, self.unread = (), 0, True
        self.scene.camera_lost(at)
        self.page.clear()


class VisionModels:
    """A detector, a reader and a namer, shared by all sessions. Without a namer, objects have the detector's labels."""

    def __init__(self, detector: Detector, reader: Reader, namer: Namer | None = None) -> None:
        self._detector, self._reader, self._namer = detector, reader, namer
        cv2.setNumThreads(1)  # these tasks are too small to split, and the cores are needed elsewhere

    def glance(self, look: SceneUpdate, picture: Picture) -> None:
        """Updates objects, colours and light; 20 to 60 ms. Unclear objects are detected in a second view."""
        if is_covered(picture.rgb):
            look.covered(picture.at)
            return
        light = self._update_light(look.scene, picture)
        views = 1 if light == "dark" else 2 if look.looks == 0 else 1
        self._detect(look, picture, views)
        if light != "dark" and views == 1 and look.tracker.undecided:
            self._detect(look, picture, 1)
        self._name(look, picture, 1)
        self._update_objects(look, picture, look.names.names())

    def read(self, look: SceneUpdate, picture: Picture) -> None:
        """Updates texts by OCR; 0.1 to 0.5 s."""
        if not is_covered(picture.rgb):
            self._read(look, picture, closely=False)

    def read_page(self, look: SceneUpdate, picture: Picture) -> None:
        """Adds to `look.page` what a page has at full effort; up to 4 s."""
        rows = [row for band in bands_of(picture.rgb) for row in _rated(self._reader.read(band, closely=True))]
        look.page.read(rows, picture.at)

    def page_text(self, rgb: Pixels) -> str:
        """The text of a scanned page, line by line; up to 4 s."""
        return text_of_page(self._reader, rgb)

    def study(self, picture: Picture, look: SceneUpdate | None = None, closely: bool = True) -> SceneUpdate:
        """The complete scene of a single picture, with the boxes and the lines; up to 2 s, not `closely` up to 0.7 s.

        With `look`, the picture follows those that `look` has seen: its scene says what changed from one to the next.
        """
        look = SceneUpdate() if look is None else look
        before = look.tracks()
        look.tracker.clear()
        self._update_light(look.scene, picture)
        self._detect(look, picture, len(VIEWS))
        look.tracker.confirm_now()
        look.tracker.continue_from(before)
        self._name(look, picture, _MOST_NAMED)
        self._update_objects(look, picture, look.names.names(votes=1))
        self._read(look, picture, closely=closely)
        return look

    def _update_light(self, scene: Scene, picture: Picture) -> str:
        _, light = brightness(picture.rgb)
        scene.lit(light, [name for name, _ in dominant_colours(picture.rgb)], picture.at)
        return light

    def _detect(self, look: SceneUpdate, picture: Picture, views: int) -> None:
        """Each view is a pass with a vote of its own."""
        for _ in range(views):
            view = VIEWS[look.looks % len(VIEWS)]
            look.looks += 1
            look.tracker.update(self._detector.detect(picture.rgb, view, _WEAK), picture.at)

    def _name(self, look: SceneUpdate, picture: Picture, most: int) -> None:
        """Looks for the finer names of at most `most` objects, the largest first; 10 ms each."""
        if self._namer is None:
            return
        tracks = look.tracks()
        look.names.keep({track.number for track in tracks})
        due = [
            track
            for track in tracks
            if track.at == picture.at
            and self._namer.knows(track.label)
            and look.names.is_due(track.number, track.label, track.box)
        ]
        for track in sorted(due, key=lambda each: -area(each.box))[:most]:
            left, top, right, bottom = track.box
            crop = cut(picture.rgb, grown(track.box, _AROUND * (right - left), _AROUND * (bottom - top)))
            if min(crop.shape[:2]) >= _SMALLEST_CROP:
                look.names.vote(track.number, track.label, track.box, self._namer.names(crop, track.label))

    def _update_objects(self, look: SceneUpdate, picture: Picture, names: Mapping[int, str]) -> None:
        tracks = look.tracks()
        look.scene.see(tracks, _colours_of(tracks, picture.rgb, picture.at), picture.at, names)

    def _read(self, look: SceneUpdate, picture: Picture, closely: bool) -> None:
        lines = self._reader.read(picture.rgb, closely)
        signs = signs_of(lines, picture.width / picture.height)
        for _ in range(READINGS_WHEN_CLOSE if closely else 1):
            look.read(lines, signs, picture.at)


def _rated(lines: Sequence[TextLine]) -> list[tuple[str, float]]:
    """The rows from the top, each with the certainty of its least certain line."""
    return [(" ".join(line.text for line in row), min(line.score for line in row)) for row in rows_of(lines)]


def _colours_of(tracks: Sequence[Track], rgb: Pixels, at: float) -> Mapping[int, str]:
    """The colour, by track number, of the objects in this picture that have one clear colour."""
    colours: dict[int, str] = {}
    for track in tracks:
        if track.at == at:
            name, share = max(dominant_colours(rgb, _core(track)), key=lambda each: each[1], default=("", 0.0))
            if share >= _CLEAR:
                colours[track.number] = name
    return colours


def _core(track: Track) -> Box:
    """The middle of an object, where there is little background; for a person, the clothes."""
    left, top, right, bottom = track.box
    width, height = right - left, bottom - top
    if track.label == "person":
        return left + 0.25 * width, top + 0.5 * height, right - 0.25 * width, bottom - 0.1 * height
    return left + 0.2 * width, top + 0.2 * height, right - 0.2 * width, bottom - 0.2 * height
