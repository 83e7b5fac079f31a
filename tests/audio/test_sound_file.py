"""Reading and writing sound files: formats, limits, and refusals. Also tests `chunk.py` and `growing_sound.py`."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from audio.chunk import Samples
from audio.sound_file import read_sound, write_wav
from tests.audio.tone import noise, sine

RATE = 24_000


def encode(path: Path, samples: Samples, codec: str, rate: int, layout: str = "mono", video: bool = False) -> None:
    with av.open(str(path), "w") as container:
        track = container.add_stream(codec, rate=rate, layout=layout)
        if video:
            pictures = container.add_stream("mpeg4", rate=10)
            pictures.width = pictures.height = 64
            pictures.pix_fmt = "yuv420p"
            for place in range(5):
                frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
                frame.pts = place
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
        channels = 2 if layout == "stereo" else 1
        pcm = np.repeat((samples * 32767).astype(np.int16), channels)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout=layout)
        frame.sample_rate = rate
        container.mux(track.encode(frame))
        container.mux(track.encode(None))


def test_a_written_wav_reads_back_the_same(tmp_path: Path) -> None:
    sound = sine(440, 1.0, RATE)
    write_wav(tmp_path / "a.wav", sound, RATE)
    back = read_sound(tmp_path / "a.wav")
    assert (back.rate, back.start) == (RATE, 0)
    np.testing.assert_allclose(back.samples, sound, atol=1e-4)


def test_loud_samples_are_clipped_not_wrapped(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([2.0, -2.0, 0.0] * 100, np.float32), RATE)
    assert read_sound(tmp_path / "a.wav").samples[:2] == pytest.approx([1, -1], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout", "video"),
    [
        ("a.flac", "flac", 44_100, "stereo", False),
        ("a.ogg", "libopus", 48_000, "stereo", False),
        ("a.mp3", "libmp3lame", 44_100, "mono", False),
        ("a.mp4", "aac", 48_000, "stereo", True),
    ],
)
def test_other_formats_and_the_track_of_a_video(
    tmp_path: Path, name: str, codec: str, rate: int, layout: str, video: bool
) -> None:
    encode(tmp_path / name, sine(1000, 1.0, rate), codec, rate, layout, video)
    back = read_sound(tmp_path / name)
    assert back.rate == rate and back.duration_s == pytest.approx(1.0, abs=0.1)
    middle = back.samples[rate // 4 : 3 * rate // 4]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == pytest.approx(500, abs=1)
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.1), "both channels hold the tone, and so does their mean"


def test_an_unreadable_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "junk.mp3").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("hello " * 100)
    write_wav(tmp_path / "nothing.wav", np.zeros(0, np.float32), RATE)
    for name, message in (
        ("junk.mp3", "damaged"),
        ("empty.wav", "damaged"),
        ("text.wav", "damaged"),
        ("nothing.wav", "no sound"),
        ("missing.wav", "no file missing.wav"),
    ):
        with pytest.raises(ValueError, match=message):
            read_sound(tmp_path / name)
    with pytest.raises(ValueError, match="no file"):
        read_sound(tmp_path)


def test_a_silent_film_has_no_sound_track(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        container.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(pictures.encode(None))
    with pytest.raises(ValueError, match="no sound track"):
        read_sound(tmp_path / "film.mp4")


def test_a_truncated_file_is_refused_whole(tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", noise(3.0, 48_000), "aac", 48_000)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        read_sound(tmp_path / "cut.mp4")


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", noise(2.0, RATE), RATE)
    assert read_sound(tmp_path / "a.wav", max_s=2.0).duration_s == 2.0
    with pytest.raises(ValueError, match="longer than the limit of 1 seconds"):
        read_sound(tmp_path / "a.wav", max_s=1.0)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sine(440, 0.1, RATE), RATE)
    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(Exception, match="rate"):
        write_wav(tmp_path / "a.wav", sine(440, 0.1, RATE), -1)
    assert (tmp_path / "a.wav").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    with pytest.raises(OSError):
        write_wav(tmp_path / "no such folder" / "a.wav", sine(440, 0.1, RATE), RATE)
