"""Whole frames come out as soon as their last packet is here, and nothing broken ever does."""

from __future__ import annotations

import random

import pytest

from ui.rtc.frames import KEY_FRAME_ASKED_EVERY_S, MOST_WAITING, PATIENCE_S, EncodedFrame, FrameAssembly, Packet

KEY_HEADER = bytes([0x00, 0, 0, 0x9D, 0x01, 0x2A]) + (640).to_bytes(2, "little") + (480 | 0x4000).to_bytes(2, "little")


def frame_packets(first: int, parts: int, key: bool) -> list[Packet]:
    packets = []
    for part in range(parts):
        data = (KEY_HEADER if key else b"\x01delta") if part == 0 else b"more"
        descriptor = b"\x10" if part == 0 else b"\x00"
        packets.append(Packet((first + part) % 65536, part == parts - 1, descriptor + data, data))
    return packets


def stream(first: int = 65530, frames: int = 20, parts: int = 3) -> list[list[Packet]]:
    return [frame_packets(first + n * parts, parts, key=n == 0) for n in range(frames)]


def fed(assembly: FrameAssembly, packets: list[Packet], now: float = 0.0) -> list[EncodedFrame]:
    return [frame for packet in packets for frame in assembly.add(packet, now)]


def test_a_frame_is_whole_with_its_last_packet() -> None:
    assembly, frames = FrameAssembly(), stream()
    assert [len(assembly.add(packet, 1.5)) for packet in frames[0]] == [0, 0, 1]
    [frame] = fed(assembly, frames[1], 2.0)
    assert frame == EncodedFrame(b"\x01deltamoremore", key=False, arrived=2.0)


def test_the_size_stands_in_the_key_frame() -> None:
    [frame] = fed(FrameAssembly(), stream()[0])
    assert (frame.key, frame.size) == (True, (640, 480))
    assert EncodedFrame(b"\x01delta.........", key=False, arrived=0).size is None
    assert EncodedFrame(b"\x00", key=True, arrived=0).size is None


def test_nothing_comes_before_the_first_key_frame() -> None:
    assembly, frames = FrameAssembly(), stream()
    assert fed(assembly, [packet for frame in frames[1:5] for packet in frame]) == []
    key = frame_packets(65530 + 15, 3, key=True)
    assert [frame.key for frame in fed(assembly, key)] == [True]


def test_shuffled_packets_make_the_same_frames() -> None:
    packets = [packet for frame in stream() for packet in frame]
    whole = fed(FrameAssembly(), packets)
    chance = random.Random(7)
    for _ in range(20):
        order = packets[:1] + [p for _, p in sorted((n + chance.random() * 6, p) for n, p in enumerate(packets[1:], 1))]
        assert fed(FrameAssembly(), order) == whole


def test_a_packet_sent_again_releases_what_waited_for_it() -> None:
    assembly, frames = FrameAssembly(), stream()
    fed(assembly, frames[0])
    assert fed(assembly, [frames[1][0], frames[1][2], *frames[2]], now=0.1) == []
    assert [frame.arrived for frame in assembly.add(frames[1][1], 0.2)] == [0.2, 0.2]
    assert assembly.broken == 0


def test_doubled_packets_are_harmless() -> None:
    packets = [packet for frame in stream(frames=5) for packet in frame for _ in range(2)]
    assert len(fed(FrameAssembly(), packets)) == 5


def test_a_packet_lost_for_good_costs_everything_up_to_the_next_key_frame() -> None:
    assembly, frames = FrameAssembly(), stream()
    fed(assembly, frames[0])
    fed(assembly, frames[1][1:], now=0.1)
    assert fed(assembly, frames[2], now=0.1 + PATIENCE_S + 0.01) == []
    assert assembly.broken == 1
    assert fed(assembly, [p for frame in frames[3:8] for p in frame], now=0.5) == []
    key = frame_packets(65530 + 8 * 3, 3, key=True)
    assert [frame.key for frame in fed(assembly, key, now=0.6)] == [True]


def test_a_key_frame_is_asked_for_now_and_then_until_it_comes() -> None:
    assembly, frames = FrameAssembly(), stream()
    assert not assembly.wants_key_frame(0.0), "the first one comes by itself"
    fed(assembly, frames[0])
    assert not assembly.wants_key_frame(5.0)
    assembly.drop()
    asked = [now for now in (5.1, 5.2, 5.1 + KEY_FRAME_ASKED_EVERY_S, 5.7) if assembly.wants_key_frame(now)]
    assert asked == [5.1, 5.1 + KEY_FRAME_ASKED_EVERY_S]


def test_a_flood_without_end_is_not_kept() -> None:
    assembly = FrameAssembly()
    fed(assembly, stream()[0])
    endless = [Packet((65533 + n) % 65536, False, b"\x00x", b"x") for n in range(5 * MOST_WAITING)]
    assert fed(assembly, endless) == []
    assert len(assembly._packets) <= MOST_WAITING
    assert assembly.broken >= 1


@pytest.mark.parametrize("restart", [40, 30_000])
def test_a_sender_that_begins_anew_is_followed(restart: int) -> None:
    assembly = FrameAssembly()
    fed(assembly, [packet for frame in stream(first=20_000, frames=400) for packet in frame])
    anew = [packet for frame in stream(first=restart, frames=3) for packet in frame]
    late = [packet for frame in stream(first=restart + 9, frames=2) for packet in frame]
    frames = [f for n, p in enumerate(anew + late) for f in assembly.add(p, now=0.1 * n)]
    assert frames
