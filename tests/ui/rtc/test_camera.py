"""Real VP8 packets become the newest pictures, a few a second, and nothing that is broken does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.codecs.vpx import Vp8Encoder, vp8_depayload

from tests.virtual_time import run_in_virtual_time
from ui.rtc.camera import LONGEST_SIDE, MOST_WAITING, PICTURES_PER_S, VideoReceiver
from ui.rtc.frames import Packet
from ui.rtc.video_budget import VideoBudget
from vision.picture import Picture

FRAME_S = 1 / 15


class EncodedFilm:
    """Encodes pictures as a browser would; every packet's payload begins with its VP8 descriptor."""

    def __init__(self) -> None:
        self._encoder = Vp8Encoder()
        self._sequence = 40_000
        self._count = 0

    def frame(self, rgb: np.ndarray, key: bool = False) -> list[Packet]:
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = self._count, Fraction(1, 15)
        self._count += 1
        payloads, _ = self._encoder.encode(frame, force_keyframe=key)
        packets = []
        for place, payload in enumerate(payloads):
            last = place == len(payloads) - 1
            packets.append(Packet(self._sequence % 65_536, last, payload, vp8_depayload(payload)))
            self._sequence += 1
        return packets


def grey(level: int, width: int = 160, height: int = 120) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


Story = Callable[[VideoReceiver], Awaitable[None]]


def seen(story: Story, too_large: list[tuple[int, int]] | None = None) -> tuple[list[Picture], VideoReceiver]:
    """The pictures that came out while `story`, a coroutine function, fed a camera."""
    pictures: list[Picture] = []

    async def run() -> VideoReceiver:
        reported = too_large if too_large is not None else []
        camera = VideoReceiver(pictures.append, lambda *size: reported.append(size), lambda: None)
        decoding = asyncio.create_task(camera.run())
        await story(camera)
        await asyncio.sleep(1.0)
        decoding.cancel()
        await asyncio.wait({decoding})
        return camera

    camera = run_in_virtual_time(run())
    return pictures, camera


async def show(camera: VideoReceiver, packets: list[Packet]) -> bool:
    """One frame's time passes. Whether a key frame was asked for."""
    now = asyncio.get_running_loop().time()
    asked = [camera.packet(packet, now) for packet in packets]
    await asyncio.sleep(FRAME_S)
    return any(asked)


def test_pictures_come_stamped_in_order_and_not_too_many() -> None:
    async def story(camera: VideoReceiver) -> None:
        film = EncodedFilm()
        for n in range(45):
            await show(camera, film.frame(grey(5 * n)))

    pictures, camera = seen(story)
    stamps = [picture.at for picture in pictures]
    assert stamps == sorted(stamps)
    assert 3 * PICTURES_PER_S * 0.8 <= len(pictures) <= 3 * PICTURES_PER_S + 1
    assert pictures[0].at == 0.0, "the first one at once"
    levels = [int(picture.rgb.mean()) for picture in pictures]
    assert levels == pytest.approx([5 * round(at / FRAME_S) for at in stamps], abs=6)
    assert (camera.dropped, camera.broken) == (0, 0)


def test_large_pictures_are_made_smaller() -> None:
    async def story(camera: VideoReceiver) -> None:
        await show(camera, EncodedFilm().frame(grey(90, 1600, 800)))

    [picture], _ = seen(story)
    assert picture.rgb.shape == (LONGEST_SIDE // 2, LONGEST_SIDE, 3)


def test_pictures_too_large_to_decode_are_refused_and_reported_once() -> None:
    reported: list[tuple[int, int]] = []

    async def story(camera: VideoReceiver) -> None:
        film = EncodedFilm()
        for n in range(5):
            packets = film.frame(grey(90, 64, 48), key=n in (0, 2))
            first = packets[0]
            if n < 4 and first.starts_key_frame:  # a header that promises 16000 x 16000
                data = first.data[:6] + (16_000).to_bytes(2, "little") * 2 + first.data[10:]
                packets[0] = Packet(first.sequence, first.marker, first.payload, data)
            await show(camera, packets)
        await show(camera, film.frame(grey(200, 64, 48), key=True))

    pictures, camera = seen(story, reported)
    assert reported == [(16_000, 16_000)]
    assert camera.dropped == 5
    assert [int(picture.rgb.mean()) for picture in pictures] == [pytest.approx(200, abs=6)]


def test_a_camera_switched_off_passes_nothing_on_and_resumes_at_once() -> None:
    async def story(camera: VideoReceiver) -> None:
        film = EncodedFilm()
        for n in range(30):
            camera.on = not 5 <= n < 25
            await show(camera, film.frame(grey(100)))

    pictures, _ = seen(story)
    numbers = [round(picture.at / FRAME_S) for picture in pictures]
    assert not [n for n in numbers if 5 <= n < 25]
    assert 25 in numbers


def test_frames_that_are_not_vp8_cause_a_keyframe_request() -> None:
    asked: list[bool] = []

    async def story(camera: VideoReceiver) -> None:
        film = EncodedFilm()
        for n in range(30):
            packets = film.frame(grey(100), key=n == 20)
            if n == 5:
                packets = [Packet(packet.sequence, packet.marker, packet.payload, b"\xff" * 40) for packet in packets]
            asked.append(await show(camera, packets))

    pictures, camera = seen(story)
    numbers = [round(picture.at / FRAME_S) for picture in pictures]
    assert not [n for n in numbers if 5 <= n < 20]
    assert 20 in numbers
    assert any(asked[5:20])
    assert not any(asked[21:])
    assert camera.broken == 1


def test_a_decoder_that_cannot_keep_up_restarts_instead_of_lagging() -> None:
    async def story(camera: VideoReceiver) -> None:
        film = EncodedFilm()
        frames = [film.frame(grey(100), key=n in (0, 40)) for n in range(60)]
        for packets in frames[:40]:  # all at once: nothing can be decoded meanwhile
            for packet in packets:
                camera.packet(packet, 0.0)
        await asyncio.sleep(1.0)
        for packets in frames[40:]:
            await show(camera, packets)

    pictures, camera = seen(story)
    assert camera.dropped >= MOST_WAITING
    assert {round(picture.at, 3) for picture in pictures} & {1.0}, "the key frame is shown"
    assert len(pictures) >= 8


FRAMES_PER_S = 4  # of 1280×720, in the tests of the budget


def over_budget(frames: list[list[Packet]], last: list[Packet]) -> tuple[list[bool], list[Picture], list[None], int]:
    """Shows `frames`, and `last` three seconds later. Returns for each whether a key frame was asked for, the pictures,
    the reports, and the number of dropped frames."""
    pictures, reports = list[Picture](), list[None]()

    async def story() -> tuple[list[bool], int]:
        budget = VideoBudget(pixels_per_s=1280 * 720 * FRAMES_PER_S, cpu_share=1e9)
        camera = VideoReceiver(pictures.append, lambda *size: None, lambda: reports.append(None), budget)
        decoding = asyncio.create_task(camera.run())
        asked = [await show(camera, packets) for packets in frames]
        await asyncio.sleep(3.0)
        asked.append(await show(camera, last))
        await asyncio.sleep(0.5)
        decoding.cancel()
        await asyncio.wait({decoding})
        return asked, camera.dropped

    asked, dropped = run_in_virtual_time(story())
    return asked, pictures, reports, dropped


def test_a_camera_over_its_budget_loses_pictures_and_is_reported_once() -> None:
    film = EncodedFilm()
    frames = [film.frame(grey(level, 1280, 720), key=True) for level in range(60)]
    _, pictures, reports, dropped = over_budget(frames, film.frame(grey(9, 160, 120), key=True))
    assert reports == [None]
    assert dropped > 10
    assert pictures[-1].rgb.shape[:2] == (120, 160), "the budget is back"


def test_a_key_frame_is_asked_for_when_the_budget_is_back() -> None:
    """A keyframe is what costs most."""
    film = EncodedFilm()
    *frames, last = [film.frame(grey(level, 1280, 720), key=level == 0) for level in range(61)]
    asked, _, _, dropped = over_budget(frames, last)
    assert dropped == 1, "later frames depend on it"
    spent = next(n for n in range(60) if n + 1 - FRAMES_PER_S * n * FRAME_S > 2 * FRAMES_PER_S)
    assert any(asked[:-1])
    assert not any(asked[: spent + round(0.9 / FRAME_S)]), "half of the budget is back after a second"
    assert asked[-1]


def test_pictures_of_another_connection_are_taken_from_its_first_keyframe() -> None:
    async def story(camera: VideoReceiver) -> None:
        for film, levels in ((EncodedFilm(), range(20)), (EncodedFilm(), range(100, 120))):
            for level in levels:
                await show(camera, film.frame(grey(level)))
            camera.restart()

    pictures, _ = seen(story)
    levels = [int(picture.rgb.mean()) for picture in pictures]
    assert any(level < 30 for level in levels) and any(level > 90 for level in levels)
