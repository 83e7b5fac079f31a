"""Media files of all kinds: rotated, transparent, 16-bit, without sound, damaged, empty, and not media at all.

Also tests `decoder.py`.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from audio.chunk import HEARING_RATE_HZ, Chunk
from dialogue.errors import BadInput
from stream.media.media_file import contents, perceive, read_picture, read_sound
from vision.picture import Picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def two_colours() -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (64, 32), RED)
    image.paste(BLUE, (32, 0, 64, 32))
    return image


def close_to(pixel: NDArray[np.uint8], colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() < 30)


def write_wav(path: Path, samples: NDArray[np.float32], rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.repeat(samples, channels) * 32767).astype("<i2").tobytes())
    return path


def tone(seconds: float, rate: int) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write_film(path: Path, seconds: float, *, with_sound: bool = True) -> Path:
    """Ten pictures a second, red in the first half and blue in the second, with a tone."""
    with av.open(str(path), "w") as container:
        film = container.add_stream("libx264", rate=10)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=44_100) if with_sound else None
        for index in range(round(seconds * 10)):
            colour = RED if index < seconds * 5 else BLUE
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), colour, np.uint8), format="rgb24")
            frame.pts = index
            container.mux(film.encode(frame))
        container.mux(film.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(tone(seconds, 44_100)[None], format="fltp", layout="mono")
            frame.sample_rate = 44_100
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.gif"])
def test_a_picture_is_read_whatever_its_format(tmp_path: Path, name: str) -> None:
    two_colours().save(tmp_path / name)
    assert contents(tmp_path / name).kind == "picture"
    picture = read_picture(tmp_path / name)
    assert (picture.width, picture.height) == (64, 32)
    assert close_to(picture.rgb[16, 8], RED)
    assert close_to(picture.rgb[16, 56], BLUE)


def test_an_unsupported_picture_format_names_supported_ones(tmp_path: Path) -> None:
    two_colours().save(tmp_path / "a.tga")
    with pytest.raises(BadInput, match=r"save it as JPEG or PNG"):
        read_picture(tmp_path / "a.tga")


def test_a_damaged_picture_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((200, 200), 90).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadInput, match=r"a\.jpg: The picture is damaged"):
        read_picture(path)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 1)])
def test_sound_is_resampled_to_the_hearing_rate(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_wav(tmp_path / "a.wav", tone(1.0, rate), rate, channels)
    assert contents(path).kind == "sound"
    samples = read_sound(path)
    assert samples.dtype == np.float32
    assert 0 <= samples.size - HEARING_RATE_HZ < HEARING_RATE_HZ * 0.03
    spectrum = np.abs(np.fft.rfft(samples[:HEARING_RATE_HZ]))
    assert abs(int(spectrum.argmax()) - 440) <= 1


def test_sound_with_nan_is_reported(tmp_path: Path) -> None:
    samples = tone(0.5, 16_000)
    samples[1000] = np.nan
    header = b"RIFF" + (36 + 4 * samples.size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    shape = b"\x03\0\x01\0" + (16_000).to_bytes(4, "little") + (64_000).to_bytes(4, "little") + b"\x04\0\x20\0"
    (tmp_path / "a.wav").write_bytes(
        header + shape + b"data" + (4 * samples.size).to_bytes(4, "little") + samples.tobytes()
    )
    with pytest.raises(BadInput, match="NaN or infinite"):
        read_sound(tmp_path / "a.wav")


def test_a_video_comes_in_order_of_time(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", 2.0)
    held = contents(path)
    assert (held.kind, held.has_sound) == ("video", True)
    events = list(perceive(path, pictures_per_s=5))
    times = [event.start_s if isinstance(event, Chunk) else event.at for event in events]
    assert times == sorted(times)
    pictures = [event for event in events if isinstance(event, Picture)]
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert len(pictures) == 10
    assert close_to(pictures[0].rgb[24, 32], RED)
    assert close_to(pictures[-1].rgb[24, 32], BLUE)
    assert [chunk.start for chunk in chunks] == list(range(0, 320 * len(chunks), 320))
    assert chunks[-1].end_s == pytest.approx(2.0, abs=0.1)


def test_a_silent_video_has_pictures_only(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", 1.0, with_sound=False)
    assert not contents(path).has_sound
    assert {type(event) for event in perceive(path)} == {Picture}
    with pytest.raises(BadInput, match=r"a\.mp4 has no sound track"):
        read_sound(path)


def test_a_damaged_video_is_refused_before_its_first_frame(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", 2.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadInput, match=r"a\.mp4"):
        list(perceive(path))


@pytest.mark.parametrize("content", [b"", b"just some text\n" * 100, bytes(range(256)) * 40])
def test_files_that_are_not_media_are_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    readers: tuple[Callable[[Path], object], ...] = (contents, read_sound, read_picture, perceive)
    for reader in readers:
        with pytest.raises(
            BadInput, match=r"a\.mp4( is empty| is not a picture| cannot be read|: This is not a readable picture)"
        ):
            reader(path)


def test_paths_without_a_file_are_reported(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no file"):
        contents(tmp_path / "nothing.wav")
    with pytest.raises(BadInput, match="is a folder"):
        read_picture(tmp_path)
