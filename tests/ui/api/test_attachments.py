"""Attachments of `chat` in every supported form, and in unsupported ones."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dialogue.errors import BadInput
from stream.requests.request_message import Film, Recording
from tests.stream.media.test_media_file import tone, write_film, write_wav
from ui.api.attachments import read_history, read_item
from vision.picture import Picture

PIXELS = np.full((8, 6, 3), 200, np.uint8)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_text_stays_text_even_if_it_names_a_file(photo: Path) -> None:
    assert read_item(str(photo)) == str(photo)
    assert read_item({"type": "text", "text": "Hello."}) == "Hello."


def test_pictures_in_every_form(photo: Path) -> None:
    shapes: list[Any] = [
        photo,
        PIXELS,
        Image.fromarray(PIXELS),
        Image.fromarray(PIXELS).convert("RGBA"),
        {"type": "image", "image": str(photo)},
        {"type": "image", "path": photo},
        {"type": "image", "image": PIXELS},
        {"type": "image", "image": Image.fromarray(PIXELS)},
    ]
    for shape in shapes:
        picture = read_item(shape)
        assert isinstance(picture, Picture)
        assert np.array_equal(picture.rgb, PIXELS)


def test_pictures_as_bytes_open_files_and_data_urls(photo: Path) -> None:
    address = "data:image/png;base64," + base64.b64encode(photo.read_bytes()).decode()
    shapes: list[Any] = [
        {"type": "image", "image": photo.read_bytes()},
        {"type": "image", "image": io.BytesIO(photo.read_bytes())},
        {"type": "image", "image": address},
        {"type": "image_url", "image_url": {"url": address}},
        {"type": "image", "image": PIXELS[..., 0]},
        {"type": "image", "image": np.dstack([PIXELS, np.full((8, 6), 255, np.uint8)])},
    ]
    for shape in shapes:
        picture = read_item(shape)
        assert isinstance(picture, Picture)
        assert np.array_equal(picture.rgb, PIXELS)


def test_a_pil_image_is_read_like_its_file(tmp_path: Path) -> None:
    """Its orientation is applied, transparency becomes white, 16-bit grey is scaled, damage is reported."""
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "turned.jpg", exif=turned)
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.fromarray(np.full((9, 9), 32_768, np.uint16)).save(tmp_path / "deep.png")
    Image.effect_noise((300, 300), 90).save(tmp_path / "whole.jpg")
    for name in ("turned.jpg", "clear.png", "deep.png"):
        by_pillow, by_path = read_item(Image.open(tmp_path / name)), read_item(tmp_path / name)
        assert isinstance(by_pillow, Picture) and isinstance(by_path, Picture)
        assert np.array_equal(by_pillow.rgb, by_path.rgb)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:2000])
    with pytest.raises(BadInput, match="damaged or cut off"):
        read_item(Image.open(tmp_path / "cut.jpg"))


def test_a_video_of_pictures(photo: Path) -> None:
    film = read_item({"type": "video", "video": [photo, PIXELS, Image.fromarray(PIXELS)]})
    assert isinstance(film, Film)
    assert [frame.at for frame in film.perceived if isinstance(frame, Picture)] == [0.0, 0.5, 1.0]


def test_recordings_in_every_form(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(0.5, 16_000), 16_000)
    shapes: list[Any] = [
        path,
        tone(0.5, 16_000),
        tone(0.5, 16_000).astype(np.float64),
        {"type": "audio", "audio": path},
        {"type": "audio", "audio": tone(0.5, 48_000), "rate": 48_000},
        {"type": "audio", "audio": tone(0.5, 48_000), "sampling_rate": 48_000},
        {"type": "audio", "audio": path.read_bytes()},
    ]
    for shape in shapes:
        recording = read_item(shape)
        assert isinstance(recording, Recording)
        assert recording.samples.dtype == np.float32
        assert recording.samples.size == pytest.approx(8000, abs=330)


def test_a_video_file_is_a_video_and_as_audio_a_recording(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", 1.0)
    assert isinstance(read_item(path), Film)
    assert isinstance(read_item({"type": "video", "path": path}), Film)
    assert isinstance(read_item({"type": "audio", "path": path}), Recording)
    in_memory = read_item({"type": "video", "video": path.read_bytes()})
    assert isinstance(in_memory, Film) and any(isinstance(each, Picture) for each in in_memory.perceived)


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        (7, "not int"),
        ("half a letter: \ud800", "not valid UTF-8"),
        ({"type": "smell", "smell": "roses"}, 'An item must be {"type": "text"'),
        ({"type": "image"}, 'An item must be {"type": "text"'),
        (np.zeros((4, 4, 4), np.uint8), "State its type"),
        (np.zeros((0, 4, 3), np.uint8), "An empty array"),
        (np.zeros(0, np.float32), "at least one sample"),
        ({"type": "image", "image": PIXELS / 255}, "An array .8, 6, 3. of float64 is not a picture"),
        ({"type": "image", "image": PIXELS[:0]}, "is not a picture"),
        ({"type": "image", "image": b"nonsense"}, "save it as JPEG or PNG"),
        ({"type": "image", "image": "https://example.org/a.png"}, "Nothing is fetched from a network"),
        ({"type": "image", "image": "data:image/png;base64,?"}, "cannot be read"),
        ({"type": "image_url", "image_url": {}}, "is not a picture"),
        ({"type": "audio", "audio": PIXELS}, "is not a recording"),
        ({"type": "audio", "audio": np.zeros(9, np.float32), "rate": "fast"}, "not 'fast'"),
        ({"type": "video", "video": []}, "at least one picture"),
        ({"type": "video", "video": 3}, "is not a video"),
        (np.array([0.0, np.inf], np.float32), "NaN or infinite"),
        ({"type": "audio", "audio": np.zeros(9, np.float32), "rate": -1}, "is not a sample rate"),
        (Path("/nowhere/at/all.png"), "There is no file"),
    ],
)
def test_unusable_items_are_reported(item: Any, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        read_item(item)


def test_a_recording_is_not_a_picture(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(0.1, 16_000), 16_000)
    with pytest.raises(BadInput, match="This is not a readable picture"):
        read_item({"type": "image", "path": path})


def test_a_history_keeps_its_order(photo: Path) -> None:
    messages = read_history(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [photo, "What is it?"]},
            {"role": "assistant", "content": "A wall."},
            {"role": "user", "content": ("What colour?",)},
        ]
    )
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert [len(message.items) for message in messages] == [1, 2, 1, 1]


@pytest.mark.parametrize("history", ["hello", {"role": "user", "content": "hello"}, None, 3])
def test_a_history_is_a_list(history: Any) -> None:
    with pytest.raises(BadInput, match="A history must be a list of messages"):
        read_history(history)


def test_the_message_at_fault_is_numbered() -> None:
    with pytest.raises(BadInput, match="Message 2: There is no file"):
        read_history([{"role": "user", "content": "Hi"}, {"role": "user", "content": Path("gone.jpg")}])
    with pytest.raises(BadInput, match="Message 1 must be"):
        read_history([{"role": "user"}])
    with pytest.raises(BadInput, match="Message 1 has the role 'bot'; the roles are system, user, assistant"):
        read_history([{"role": "bot", "content": "Hi"}])
