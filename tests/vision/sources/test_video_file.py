"""Sampling frames of video files: times, limits and damage."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from vision.sources.video_file import frames_of


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds at ten frames per second, each brighter than the one before."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for i in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 8 * i, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_frames_come_in_order_of_time(film: Path) -> None:
    pictures = list(frames_of(film, every_s=0.5, max_frames=100))
    assert [round(picture.at, 2) for picture in pictures] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    light = [picture.rgb.mean() for picture in pictures]
    assert light == sorted(light)
    assert (pictures[0].width, pictures[0].height, pictures[0].source) == (160, 120, "file")


def test_the_number_of_frames_is_limited(film: Path) -> None:
    assert len(list(frames_of(film, every_s=0.01, max_frames=7))) == 7


def test_every_frame_can_be_read(film: Path) -> None:
    assert len(list(frames_of(film, every_s=0.1, max_frames=100))) == 30


def test_a_sound_file_has_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), "s16", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
    with pytest.raises(ValueError, match="has sound only"):
        list(frames_of(path, 1.0, 10))


def test_a_file_that_is_not_a_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with pytest.raises(ValueError, match="There is no file"):
        list(frames_of(path, 1.0, 10))
    path.write_bytes(b"not a video at all" * 100)
    with pytest.raises(ValueError, match="save it as MP4 or WebM"):
        list(frames_of(path, 1.0, 10))


def test_a_truncated_video_is_refused(film: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[:2000])
    with pytest.raises(ValueError, match="save it"):
        list(frames_of(cut, 0.1, 100))


def test_damage_in_the_middle_is_reported(film: Path, tmp_path: Path) -> None:
    data = bytearray(film.read_bytes())
    start = data.index(b"mdat") + 4
    data[start : start + 400] = bytes(400)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    with pytest.raises(ValueError, match="save it again"):
        list(frames_of(damaged, 0.1, 100))


@pytest.mark.parametrize(("every_s", "most"), [(0, 1), (-1.0, 1), (1.0, 0)])
def test_arguments_that_are_not_positive_are_refused(film: Path, every_s: float, most: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        list(frames_of(film, every_s, most))
