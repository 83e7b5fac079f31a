"""Offers of browsers are read, and unusable ones refused with a reason."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogue.errors import BadInput
from ui.rtc.offer import LONGEST, MOST_CANDIDATES, read_offer, with_error_correction, with_local_addresses


def offered(*kinds: str) -> str:
    async def make() -> str:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for kind in kinds:
            if kind == "data":
                connection.createDataChannel("events")
            else:
                connection.addTransceiver(kind, "sendrecv")
        await connection.setLocalDescription(await connection.createOffer())
        sdp = str(connection.localDescription.sdp)
        await connection.close()
        return sdp

    return asyncio.run(make())


@pytest.fixture(scope="module")
def whole() -> str:
    return offered("audio", "video", "data")


def test_audio_alone_is_enough_and_video_is_recognized(whole: str) -> None:
    assert not read_offer(offered("audio"), "offer").video
    assert read_offer(whole, "offer").video


@pytest.mark.parametrize(
    ("sdp", "kind", "reason"),
    [
        (None, "offer", "the offer as text"),
        (["v=0"], "offer", "the offer as text"),
        ("v=0", "answer", "the offer as text"),
        ("x" * (LONGEST + 1), "offer", "the limit is"),
        ("", "offer", "no audio"),
        ("hello", "offer", "no audio"),
        ("v=0\r\nm=audio nine UDP/TLS/RTP/SAVPF 111\r\n", "offer", "not valid SDP"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 999\r\n", "offer", "not valid SDP"),
        ("v=0\r\na=setup:sideways\r\n", "offer", "not valid SDP"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "offer", "lacks its fingerprint"),
    ],
)
def test_an_invalid_offer_is_refused(sdp: object, kind: object, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read_offer(sdp, kind)


def test_offers_that_cannot_be_answered_are_refused(whole: str) -> None:
    for sdp, reason in [
        (offered("video", "data"), "no audio"),
        (offered("audio", "audio"), "one audio"),
        (re.sub(r"a=fingerprint.*\r\n", "", whole), "lacks its fingerprint"),
        (re.sub(r"a=ice-pwd.*\r\n", "", whole), "lacks its fingerprint or its ICE credentials"),
        (whole.replace("opus", "speex"), "no Opus"),
    ]:
        with pytest.raises(BadInput, match=reason):
            read_offer(sdp, "offer")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_offer_is_read_or_refused_and_nothing_else(whole: str, data: st.DataObject) -> None:
    lines = whole.split("\r\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(
        st.sampled_from(["", lines[place][:-3], lines[place] + " x", "a=" + lines[place]]) | st.text()
    )
    try:
        assert read_offer("\r\n".join(lines), "offer").sdp
    except BadInput as raised:
        assert str(raised)


def test_hidden_addresses_become_those_of_this_machine() -> None:
    hidden = "a=candidate:822527895 1 udp 2113937151 a8c5e2ff-10e7-4b95-91dc-fa5678c98470.local 46574 typ host\r\n"
    plain = "a=candidate:1 1 udp 2122194687 192.0.2.2 47718 typ host\r\na=mid:0\r\n"
    shown = with_local_addresses(f"v=0\r\n{hidden}{plain}", ["192.0.2.7", "fd00::2"])
    assert shown.splitlines() == [
        "v=0",
        "a=candidate:822527895 1 udp 2113937151 127.0.0.1 46574 typ host",
        "a=candidate:822527895 1 udp 2113937151 192.0.2.7 46574 typ host",
        "a=candidate:822527895 1 udp 2113937151 fd00::2 46574 typ host",
        *plain.splitlines(),
    ]


def test_twenty_candidates_are_taken_at_most(whole: str) -> None:
    def candidates(sdp: str) -> list[str]:
        return [line for line in sdp.splitlines() if line.startswith("a=candidate:")]

    many = "".join(
        f"a=candidate:{n} 1 {kind} {2**31 - n} 10.0.{n // 250}.{n % 250} 5000 typ host\r\n"
        for n in range(400)
        for kind in ("udp", "tcp")
    )
    offer = read_offer(whole.replace("a=ice-ufrag", f"{many}a=ice-ufrag", 1), "offer")
    kept = candidates(offer.sdp)
    assert len(kept) == MOST_CANDIDATES == 20
    assert all(" udp " in line for line in kept)
    hidden = whole.replace("a=ice-ufrag", "a=candidate:1 1 udp 1 a-b-c.local 5000 typ host\r\na=ice-ufrag", 1)
    assert len(candidates(with_local_addresses(hidden, [f"10.0.0.{n}" for n in range(100)]))) == MOST_CANDIDATES


def test_the_answer_asks_for_error_correction_once() -> None:
    answer = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:96 VP8/90000\r\n"
    asked = with_error_correction(answer)
    assert "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n" in asked
    assert with_error_correction(asked) == asked
