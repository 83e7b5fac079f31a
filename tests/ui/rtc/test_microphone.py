"""Real Opus packets with network disturbances become sound whose length equals time. Also tests `opus.py`."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from audio.chunk import HEARING_RATE_HZ, Chunk
from ui.rtc.microphone import MOST_AT_ONCE, MOST_PER_S, AudioReceiver
from ui.rtc.outgoing import FRAME, OpusPacketEncoder

PACKET_S = 0.02
TONE_HZ = 440


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    """Two seconds of a 440 Hz tone, 20 ms a packet."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.format, encoder.layout, encoder.sample_rate = "s16", "mono", 48_000
    encoder.time_base = Fraction(1, 48_000)
    times = np.arange(2 * 48_000) / 48_000
    tone = (np.sin(2 * np.pi * TONE_HZ * times) * 16_000).astype(np.int16).reshape(-1, 1, 960)
    out = []
    for n, samples in enumerate(tone):
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, n * 960
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out


def heard(packets: list[bytes], order: list[int], first_stamp: int = 0) -> tuple[np.ndarray, AudioReceiver]:
    """The sound of packets that arrive in this order, each at its time or later."""
    chunks: list[Chunk] = []
    now = 0.0
    microphone = AudioReceiver(chunks.append, lambda: now)
    for place, n in enumerate(order):
        now = max(place + 1, n + 1) * PACKET_S
        microphone.packet((65_500 + n) % 65_536, (first_stamp + n * 960) % 2**32, packets[n])
    assert [chunk.start for chunk in chunks[1:]] == [chunk.end for chunk in chunks[:-1]]
    assert {chunk.rate for chunk in chunks} == {HEARING_RATE_HZ}
    return np.concatenate([chunk.samples for chunk in chunks]), microphone


def loudness(sound: np.ndarray) -> list[float]:
    """Root mean square of each 20 ms."""
    whole = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    return [float(value) for value in np.sqrt((whole**2).mean(1))]


def test_a_tone_is_received_unchanged(packets: list[bytes]) -> None:
    sound, _ = heard(packets, list(range(100)))
    assert len(sound) == pytest.approx(2 * HEARING_RATE_HZ, abs=32)
    spectrum = np.abs(np.fft.rfft(sound[8000:24000]))
    assert spectrum.argmax() == TONE_HZ
    assert np.median(loudness(sound)) == pytest.approx(16_000 / 32_768 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("first_stamp", [0, 2**32 - 30 * 960], ids=["plain", "stamps wrap"])
def test_reordered_and_duplicate_packets_change_nothing(packets: list[bytes], first_stamp: int) -> None:
    straight, _ = heard(packets, list(range(100)), first_stamp)
    order = list(range(100))
    order[10:12], order[50:53] = [11, 10], [52, 50, 51]
    order[80:80] = [79, 78]
    disturbed, microphone = heard(packets, order, first_stamp)
    assert np.array_equal(straight, disturbed)
    assert microphone.lost == 0


def test_short_losses_are_repaired_and_long_ones_become_silence_of_the_same_length(packets: list[bytes]) -> None:
    sound, microphone = heard(packets, [n for n in range(100) if n not in {40, 41, 60, *range(70, 80)}])
    assert microphone.lost == 13
    assert len(sound) == pytest.approx(2 * HEARING_RATE_HZ, abs=32)
    quiet = [n for n, level in enumerate(loudness(sound)) if level < 0.05 and 5 < n < 95]
    assert set(range(71, 80)) <= set(quiet) <= set(range(70, 80))
    assert microphone.repaired == 3 * 320


def test_without_libopus_lost_packets_become_silence(packets: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.rtc.microphone.opus_library", lambda: None)
    sound, microphone = heard(packets, [n for n in range(100) if n not in {40, 41, 42, 60}])
    assert (microphone.lost, microphone.repaired) == (4, 0)
    assert len(sound) == pytest.approx(2 * HEARING_RATE_HZ, abs=32)
    quiet = [n for n, level in enumerate(loudness(sound)) if level < 0.05 and 5 < n < 95]
    assert quiet == [40, 41, 42, 60]


def test_a_lost_packet_is_repaired_from_the_copy_in_the_next_one() -> None:
    """With error correction a sound that begins in the lost packet is there; without, it cannot be known."""
    times = np.arange(48_000) / 48_000
    speech = np.where(times >= 0.4, 0.5 * np.sin(2 * np.pi * 300 * times), 0.0).astype(np.float32)
    encoder = OpusPacketEncoder()
    sent = [bytes(encoder.encode(speech[n * FRAME : (n + 1) * FRAME], n * FRAME)) for n in range(50)]
    onset = 21  # the encoder delays by a third of a packet
    whole, _ = heard(sent, list(range(50)))
    repaired, microphone = heard(sent, [n for n in range(50) if n != onset])
    assert microphone.repaired == 320
    there = slice(onset * 320, (onset + 1) * 320)
    assert np.corrcoef(whole[there], repaired[there])[0, 1] > 0.8


def test_undecodable_packets_become_silence(packets: list[bytes]) -> None:
    bad = [*packets]
    bad[30] = b"\xff\xff\xff\xff"
    sound, microphone = heard(bad, list(range(100)))
    assert microphone.undecodable == 1
    assert len(sound) == pytest.approx(2 * HEARING_RATE_HZ, abs=32)


def test_empty_packets_only_count_in_the_order(packets: list[bytes]) -> None:
    with_padding = [*packets]
    with_padding[30] = b""
    sound, microphone = heard(with_padding, list(range(100)))
    assert microphone.lost == microphone.undecodable == 0
    assert len(sound) == pytest.approx(2 * HEARING_RATE_HZ, abs=32)


def test_more_packets_than_a_microphone_sends_are_refused_undecoded(packets: list[bytes]) -> None:
    now = 0.0
    microphone = AudioReceiver(lambda chunk: None, lambda: now)
    for n in range(10_000):
        now = n / 2000
        microphone.packet(n % 65_536, n * 960, packets[n % len(packets)])
    assert microphone.refused >= 10_000 - MOST_AT_ONCE - 5 * MOST_PER_S - 1


def test_a_microphone_may_send_for_long_at_twice_the_usual_rate(packets: list[bytes]) -> None:
    now = 0.0
    microphone = AudioReceiver(lambda chunk: None, lambda: now)
    for n in range(3600):
        now = n / 100
        microphone.packet(n % 65_536, n * 480, b"")
    assert microphone.refused == 0


def test_packets_of_another_connection_are_taken_from_any_number_on(packets: list[bytes]) -> None:
    now = 0.0
    chunks: list[Chunk] = []
    microphone = AudioReceiver(chunks.append, lambda: now)
    for n in range(50):
        now = (n + 1) * PACKET_S
        microphone.packet(60_000 + n, 4_000_000_000 + n * 960, packets[n])
    microphone.restart()
    before = chunks[-1].end
    for n in range(50):
        now = 2.0 + (n + 1) * PACKET_S
        microphone.packet(100 + n, n * 960, packets[n])
    assert [chunk.start for chunk in chunks[1:]] == [chunk.end for chunk in chunks[:-1]]
    late = np.concatenate([chunk.samples for chunk in chunks if chunk.start >= before])
    assert loudness(late)[-1] > 0.1 and chunks[-1].end == pytest.approx(3 * HEARING_RATE_HZ, abs=700)
