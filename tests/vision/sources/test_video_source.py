"""A video file or a stream replaces the camera: files play at their pace and begin again, streams come over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from dialogue.errors import BadInput
from tests.ui.static_site import static_site
from ui.local.camera import open_camera
from vision.sources.video_source import VideoSource, is_video_source

FRAMES, FRAMES_PER_S = 6, 20


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FRAMES_PER_S, (64, 48))
    for number in range(FRAMES):
        writer.write(np.full((48, 64, 3), 40 * number, np.uint8))
    writer.release()
    return path


@pytest.fixture(scope="module")
def address(film: Path) -> Iterator[str]:
    with static_site(film.parent) as site:
        yield f"{site}/{film.name}"


def test_a_file_plays_at_its_pace_and_begins_again(film: Path) -> None:
    with VideoSource(str(film)) as source:
        pictures = [source.read() for _ in range(FRAMES + 1)]
    levels = [round(float(picture.rgb.mean()) / 40) for picture in pictures if picture is not None]
    assert levels == [*range(FRAMES), 0]
    last = pictures[FRAMES - 1]
    assert last is not None
    assert last.at >= (FRAMES - 1) / FRAMES_PER_S - 0.01
    assert source.read() is None


def test_a_stream_comes_from_its_address(address: str) -> None:
    with VideoSource(address) as source:
        picture = source.read()
    assert picture is not None
    assert picture.rgb.shape == (48, 64, 3)


def test_what_is_no_source_gets_a_sentence(tmp_path: Path) -> None:
    (broken := tmp_path / "a.mp4").write_bytes(b"not a film" * 100)
    assert not is_video_source(str(tmp_path / "missing.mp4"))
    with pytest.raises(BadInput, match="not a video that can be read"):
        open_camera(str(broken))
    with pytest.raises(BadInput, match="neither a camera's number, a video file nor an address"):
        open_camera(str(tmp_path / "missing.mp4"))
