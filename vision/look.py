"""Runs the vision models on a picture (detection, colours, OCR) and updates the scene table.

Every call blocks and belongs on a worker thread; nothing here starts one. `VisionModels` is shared by the process; a
`SceneUpdate` is the state of one session and is used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2

from vision.box import Box
from vision.colours import brightness, dominant_colours, is_covered
from vision.detect import VIEWS, Detector
from vision.picture import Picture, Pixels
from vision.reading.read_text import Reader
from vision.reading.signs import Sign, signs_of
from vision.reading.text_line import TextLine
from vision.scene import Scene
from vision.tracking import Track, Tracker

_WEAK = 0.3  # score from which a detection has a vote
_CLEAR = 0.4  # share from which a colour is the object's

# A close reading counts as often as it takes to say that a sign is gone (see `sign_memory`).
READINGS_WHEN_CLOSE = 2


class SceneUpdate:
    """The vision state of one session: the tracker's votes and the scene table."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.scene = Scene()
        self.looks = 0
        self._lines: tuple[TextLine, ...] = ()

    def tracks(self) -> list[Track]:
        """The objects in view, with their boxes."""
        return self.tracker.tracks()

    def lines(self) -> tuple[TextLine, ...]:
        """The lines of text that the last reading found, in reading order."""
        return self._lines

    def read(self, lines: Sequence[TextLine], signs: Sequence[Sign], at: float) -> None:
        self._lines = tuple(lines)
        self.scene.read(signs, at)

    def covered(self, at: float) -> None:
        """Clears the view: nothing is to be seen through the lens."""
        self.tracker.cover()
        self._lines = ()
        self.scene.covered(at)

    def camera_lost(self, at: float) -> None:
        """Clears the view; the scene keeps the texts that were read."""
        self.tracker.clear()
        self._lines, self.looks = (), 0
        self.scene.camera_lost(at)


class VisionModels:
    """A detector and a reader, shared by all sessions."""

    def __init__(self, detector: Detector, reader: Reader) -> None:
        self._detector, self._reader = detector, reader
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
        self._update_objects(look, picture)

    def read(self, look: SceneUpdate, picture: Picture) -> None:
        """Updates texts by OCR; 0.1 to 0.5 s."""
        if not is_covered(picture.rgb):
            self._read(look, picture, closely=False)

    def study(self, picture: Picture, look: SceneUpdate | None = None) -> SceneUpdate:
        """The complete scene of a single picture, with the boxes and the lines; up to 2 s.

        With `look`, the picture follows those that `look` has seen: its scene says what changed from one to the next.
        """
        look = SceneUpdate() if look is None else look
        before = look.tracks()
        look.tracker.clear()
        self._update_light(look.scene, picture)
        self._detect(look, picture, len(VIEWS))
        look.tracker.confirm_now()
        look.tracker.continue_from(before)
        self._update_objects(look, picture)
        self._read(look, picture, closely=True)
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

    def _update_objects(self, look: SceneUpdate, picture: Picture) -> None:
        tracks = look.tracks()
        look.scene.see(tracks, _colours_of(tracks, picture.rgb, picture.at), picture.at)

    def _read(self, look: SceneUpdate, picture: Picture, closely: bool) -> None:
        lines = self._reader.read(picture.rgb, closely)
        signs = signs_of(lines, picture.width / picture.height)
        for _ in range(READINGS_WHEN_CLOSE if closely else 1):
            look.read(lines, signs, picture.at)


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
