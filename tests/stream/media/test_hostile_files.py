"""Whatever a media file holds, reading it takes at most 500 MB, ends, and is refused in a sentence at worst.

`audio.growing_sound` and `stream.media.decoder` are tested here too: each file is read as `ask` and the API do.

Also tests `decoder_process.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stream.media.hostile_files import film, flat, gif_claiming, many_frames, silent_flac, truncated, wav

MOST_MEMORY = 500_000_000
ROOT = Path(__file__).parents[3]

MAKERS: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "an hour": ("a.flac", lambda p: silent_flac(p, 3_590, 48_000), "sound 3589 s"),
    "three hours": ("a.flac", lambda p: silent_flac(p, 10_800, 16_000, "mono"), "longer than the limit"),
    "many channels": ("a.flac", lambda p: silent_flac(p, 300, 192_000, "7.1"), "sound 300 s"),
    "cut flac": ("a.flac", lambda p: truncated(silent_flac(p, 60, 48_000), 0.5), "sound"),
    "rate of 4 GHz": ("a.wav", lambda p: wav(p, 4_000_000_000, 1), "BadInput"),
    "rate of 1 Hz": ("a.wav", lambda p: wav(p, 1, 1), "BadInput: a.wav"),
    "rate of 0 Hz": ("a.wav", lambda p: wav(p, 0, 1), "BadInput: a.wav"),
    "65,535 channels": ("a.wav", lambda p: wav(p, 16_000, 65_535), "BadInput: a.wav"),
    "no channels": ("a.wav", lambda p: wav(p, 16_000, 0), "BadInput: a.wav"),
    "claims 4 GB": ("a.wav", lambda p: wav(p, 16_000, 1, claimed=2**32 - 1), "sound 0 s"),
    "flat RGBA": ("a.png", lambda p: flat(p, "RGBA", 10_000, 10_000), "the limit is 80 million"),
    "flat RGB": ("a.png", lambda p: flat(p, "RGB", 8_900, 8_900), "picture 4000 x 4000"),
    "flat grey": ("a.png", lambda p: flat(p, "L", 10_000, 10_000), "picture 4000 x 4000"),
    "flat palette": ("a.png", lambda p: flat(p, "P", 10_000, 10_000, transparency=0), "picture 4000 x 4000"),
    "flat 16 bits": ("a.png", lambda p: flat(p, "I;16", 8_900, 8_900), "picture 4000 x 4000"),
    "flat JPEG": ("a.jpg", lambda p: flat(p, "RGB", 10_000, 10_000), "picture 4000 x 4000"),
    "progressive": ("a.jpg", lambda p: flat(p, "RGB", 10_000, 10_000, progressive=True), "the limit is 45 million"),
    "flat WebP": ("a.webp", lambda p: flat(p, "RGB", 4_400, 4_400, lossless=True), "picture 4000 x 4000"),
    "large WebP": ("a.webp", lambda p: flat(p, "RGB", 12_000, 8_000, lossless=True), "the limit is 20 million"),
    "claiming GIF": ("a.gif", lambda p: gif_claiming(p, 9_900, 9_900), ""),
    "GIF of 65,535": ("a.gif", lambda p: gif_claiming(p, 65_535, 65_535), "too many pixels"),
    "GIF of many frames": ("a.gif", lambda p: many_frames(p, 500, 300), "picture 500 x 500"),
    "WebP of many frames": ("a.webp", lambda p: many_frames(p, 500, 100), "picture 500 x 500"),
    "video of 67 million pixels": ("a.mkv", lambda p: film(p, 8_200, 2, codec="mjpeg"), "save it smaller"),
    "large video": ("a.mkv", lambda p: film(p, 4_000, 20), "video of 4 pictures"),
    "1,000 frames a second": ("a.mkv", lambda p: film(p, 64, 20_000, rate=1_000), "video of 40 pictures"),
    "cut video": ("a.mp4", lambda p: truncated(film(p, 320, 50), 0.7), "BadInput: a.mp4"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_costs_a_bounded_amount_of_memory(name: str, tmp_path: Path) -> None:
    file, make, expected = MAKERS[name]
    path = make(tmp_path / file)
    command = [sys.executable, "-W", "ignore", "-m", "tests.stream.media.measured_read", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    cost = json.loads(done.stdout)
    print(name, path.stat().st_size, cost)
    assert expected in cost["result"]
    assert cost["own"] + cost["child"] < MOST_MEMORY


@pytest.mark.parametrize("name", ["a.m3u8", "a.ffconcat", "a.sdp"])
def test_a_playlist_opens_no_other_file(name: str, tmp_path: Path) -> None:
    from dialogue.errors import BadInput
    from stream.media.media_file import read_sound

    silent_flac(tmp_path / "other.flac", 2.0, 16_000)
    lists = {
        "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.flac\n#EXT-X-ENDLIST\n",
        "a.ffconcat": "ffconcat version 1.0\nfile other.flac\n",
        "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    }
    (tmp_path / name).write_text(lists[name])
    with pytest.raises(BadInput):
        read_sound(tmp_path / name)
