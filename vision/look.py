"""The eyes: what one look and one reading do, from a picture to the scene table.

Everything blocks and belongs on a worker thread; nothing here starts one. `VisionModels` is shared by the process, a
`SceneUpdate` is the state of one session and is used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2

from vision.box import Box
from vision.colours import brightness, dominant_colours
from vision.detect import VIEWS, Detector
from vision.picture import Picture, Pixels
from vision.read_text import Reader
from vision.scene import Scene
from vision.signs import Sign, TextLine, signs_of
from vision.tracking import Track, Tracker

_WEAK = 0.3  # score from which a detection has a vote
_CLEAR = 0.4  # share from which a colour is the thing's


class SceneUpdate:
    """What one session sees: the vote in hand and the scene table."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.scene = Scene()
        self.looks = 0
        self._lines: tuple[TextLine, ...] = ()

    def tracks(self) -> list[Track]:
        """The things that are there, with their boxes."""
        return self.tracker.tracks()

    def lines(self) -> tuple[TextLine, ...]:
        """The lines of writing that the last reading found, in reading order."""
        return self._lines

    def read(self, lines: Sequence[TextLine], signs: Sequence[Sign], at: float) -> None:
        self._lines = tuple(lines)
        self.scene.read(signs, at)

    def camera_lost(self, at: float) -> None:
        """There is no picture any more."""
        self.tracker.clear()
        self._lines, self.looks = (), 0
        self.scene.camera_lost(at)


class VisionModels:
    """A detector and a reader, shared by all sessions."""

    def __init__(self, detector: Detector, reader: Reader) -> None:
        self._detector, self._reader = detector, reader
        cv2.setNumThreads(1)  # what we do with it is too small to share, and the cores are wanted elsewhere

    def glance(self, look: SceneUpdate, picture: Picture) -> None:
        """Things, colours and light; 20 to 60 ms. Unclear things are looked at in two ways at once."""
        light = self._see_light(look.scene, picture)
        views = 1 if light == "dark" else 2 if look.looks == 0 else 1
        self._look_at(look, picture, views)
        if light != "dark" and views == 1 and look.tracker.undecided:
            self._look_at(look, picture, 1)
        self._tell_things(look, picture)

    def read(self, look: SceneUpdate, picture: Picture) -> None:
        """Writing; 0.1 to 0.5 s."""
        self._read(look, picture, closely=False)

    def look_once(self, picture: Picture) -> Scene:
        """Everything about a single picture, decided at once; up to 2 s."""
        return self.study(picture).scene

    def study(self, picture: Picture) -> SceneUpdate:
        """What `look_once` does, with the boxes and the lines as well."""
        look = SceneUpdate()
        self._see_light(look.scene, picture)
        self._look_at(look, picture, len(VIEWS))
        look.tracker.confirm_now()
        self._tell_things(look, picture)
        self._read(look, picture, closely=True)
        return look

    def _see_light(self, scene: Scene, picture: Picture) -> str:
        _, light = brightness(picture.rgb)
        scene.lit(light, [name for name, _ in dominant_colours(picture.rgb)], picture.at)
        return light

    def _look_at(self, look: SceneUpdate, picture: Picture, views: int) -> None:
        """Each view is a look of its own, with a vote of its own."""
        for _ in range(views):
            view = VIEWS[look.looks % len(VIEWS)]
            look.looks += 1
            look.tracker.update(self._detector.detect(picture.rgb, view, _WEAK), picture.at)

    def _tell_things(self, look: SceneUpdate, picture: Picture) -> None:
        tracks = look.tracks()
        look.scene.see(tracks, _colours_of(tracks, picture.rgb, picture.at), picture.at)

    def _read(self, look: SceneUpdate, picture: Picture, closely: bool) -> None:
        lines = self._reader.read(picture.rgb, closely)
        look.read(lines, signs_of(lines, picture.width / picture.height), picture.at)


def _colours_of(tracks: Sequence[Track], rgb: Pixels, at: float) -> Mapping[int, str]:
    """The colour, by number, of those things seen in this picture that have one clear colour."""
    colours: dict[int, str] = {}
    for track in tracks:
        if track.at == at:
            name, share = max(dominant_colours(rgb, _core(track)), key=lambda each: each[1], default=("", 0.0))
            if share >= _CLEAR:
                colours[track.number] = name
    return colours


def _core(track: Track) -> Box:
    """The middle of a thing, where there is little background; of a person, the clothes."""
    left, top, right, bottom = track.box
    width, height = right - left, bottom - top
    if track.label == "person":
        return left + 0.25 * width, top + 0.5 * height, right - 0.25 * width, bottom - 0.1 * height
    return left + 0.2 * width, top + 0.2 * height, right - 0.2 * width, bottom - 0.2 * height
