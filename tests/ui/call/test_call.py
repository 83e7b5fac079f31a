"""Whole calls over real UDP between aiortc and the server: input, output and end.

Also tests `call_session.py`, `calls.py`, `page_messages.py`, `shown_files.py`, `ui/call/lines/line.py`,
`ui/host/reclaim.py`, `ui/rtc/channel.py` and `ui/rtc/webrtc.py`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.errors import Busy
from stream.models.capacity import Capacity
from stream.runtime.events import (
    DeviceLost,
    DeviceSwitched,
    Interrupted,
    ReplyText,
    TextTyped,
)
from tests.ui.caller import Caller, house
from tests.ui.tracks import TONE_HZ, Colours, Tone
from ui.call.call import CHECK_EVERY_S
from ui.call.calls import CLOSE_WITHIN_S
from ui.call.times import VANISHED_S


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story, debug=False)


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - the observed state has nothing to await
            await asyncio.sleep(0.02)


def pitch(sound: np.ndarray, rate: int) -> float:
    return float(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))).argmax() * rate / len(sound))


def test_audio_video_and_messages_pass_in_both_directions(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client) as caller:
            await caller.call()
            [session] = server.sessions
            assert caller.session == session.name
            await until(lambda: len(session.heard()) > 16_000 and len(session.saw()) >= 4)
            assert pitch(session.heard()[-8000:], 16_000) == pytest.approx(TONE_HZ, abs=4)
            assert len(session.heard()) / 16_000 == pytest.approx(session.now(), abs=1.5)
            picture = session.saw()[-1]
            assert picture.rgb.shape == (240, 320, 3)
            assert 0 < session.now() - picture.at < 1.0
            left, right = picture.rgb[:, 40:120].mean((0, 1)), picture.rgb[:, 200:280].mean((0, 1))
            assert left[0] > 150 > left[2] and right[2] > 150 > right[0]
            await until(lambda: len(caller.sound) > 60)
            assert pitch(np.concatenate(caller.sound[-40:]), 48_000) == pytest.approx(TONE_HZ, abs=4)
            session.say(ReplyText(1, "Hello."))
            assert await caller.message("reply_text") == {"type": "reply_text", "turn": 1, "text": "Hello."}
            caller.send({"type": "say", "text": "hi"})
            caller.send({"type": "interrupt"})
            await until(lambda: TextTyped("hi") in session.perceived and Interrupted() in session.perceived)

    run(story())


def test_a_bad_message_is_reported_and_the_call_continues(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [session] = server.sessions
            for nonsense in (b"\x00\x01", "", "[[[[", {"type": "dance"}, {"type": "say"}, {"type": "say", "text": 1}):
                caller.send(nonsense)
            assert (await caller.message("notice"))["code"] == "bad_message"
            caller.send({"type": "ping", "t": 5})
            assert (await caller.message("pong"))["t"] == 5
            caller.connection.createDataChannel("something else").on("open", lambda: None)
            caller.send({"type": "device_lost", "device": "camera", "reason": "unplugged"})
            await until(lambda: DeviceLost("camera", "unplugged") in session.perceived)
            assert (await server.client.get("/metrics")).text.count(
                'omnilive_errors_total{code="bad_message"} 6.0'
            ) == 1

    run(story())


def test_with_the_camera_switched_off_no_pictures_are_made(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client) as caller:
            await caller.call()
            [session] = server.sessions
            await until(lambda: bool(session.saw()))
            caller.send({"type": "switch", "camera": False})
            await until(lambda: DeviceSwitched(camera=False) in session.perceived)
            before, sound = len(session.saw()), len(session.heard())
            await until(lambda: len(session.heard()) > sound + 16_000)
            assert len(session.saw()) == before

    run(story())


def test_a_page_that_leaves_frees_its_slot_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            async with Caller(server.client, (Tone(),)) as caller:
                await caller.call()
                caller.send({"type": "bye"})
                await caller.message("bye")
                await until(lambda: server.calls.admission.taken == 0, 2.0)
            async with Caller(server.client, (Tone(),)) as caller:
                await caller.call()
            await until(lambda: server.calls.admission.taken == 0, 3.0)
            assert [session.reason for session in server.sessions] == ["the page left", "the connection was lost"]

    run(story())


def test_the_slot_of_a_vanished_client_is_freed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert VANISHED_S + CHECK_EVERY_S + CLOSE_WITHIN_S <= 15

    async def story() -> None:
        async with house(tmp_path, vanished_s=1.0) as server, Caller(server.client) as caller:
            await caller.call()
            [session] = server.sessions
            caller.vanish()
            began = asyncio.get_running_loop().time()
            while server.calls.admission.taken:
                session.say(ReplyText(1, "Are you there?"))
                await asyncio.sleep(0.05)
                assert asyncio.get_running_loop().time() - began < 5
            assert session.reason == "the page sends nothing any more"

    with caplog.at_level(logging.INFO, logger="asyncio"):
        run(story())
        gc.collect()
    assert "never retrieved" not in caplog.text


def test_pings_keep_a_page_without_media_in_its_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, vanished_s=0.8) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            caller.tracks[0].stop()
            for n in range(10):
                caller.send({"type": "ping", "t": n})
                await asyncio.sleep(0.2)
            assert server.calls.admission.taken == 1
            await until(lambda: server.calls.admission.taken == 0, 4.0)

    run(story())


def test_a_page_that_calls_again_replaces_its_earlier_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path) as server,
            Caller(server.client, (Tone(),)) as one,
            Caller(server.client, (Tone(),)) as two,
        ):
            await one.call()
            await two.call()
            async with Caller(server.client, (Tone(),)) as three:
                with pytest.raises(Busy):
                    await three.call()
                with pytest.raises(Busy):
                    await three.call(replaces="somebody else")
                await three.call(replaces=one.session)
                assert (await one.message("bye"))["reason"] == "the page called again"
                assert server.calls.admission.taken == 2
                assert not server.sessions[1].closed.is_set()

    run(story())


def test_a_failed_session_ends_no_other_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path) as server,
            Caller(server.client, (Tone(),)) as one,
            Caller(server.client, (Tone(),)) as two,
        ):
            await one.call()
            await two.call()
            server.sessions[0].breaks = True
            server.sessions[0].close("")
            await until(lambda: server.calls.admission.taken == 1)
            two.send({"type": "ping", "t": 1})
            await two.message("pong")
            assert 'errors_total{code="call_broke"} 1.0' in (await server.client.get("/metrics")).text

    run(story())


def test_shutdown_says_goodbye_to_open_calls_and_leaves_no_tasks(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path) as server,
            Caller(server.client) as one,
            Caller(server.client, (Tone(), Colours())) as two,
        ):
            await one.call()
            await two.call()
            began = time.perf_counter()
            await server.stop()
            assert time.perf_counter() - began < 3.0
            for caller in (one, two):
                assert (await caller.message("bye", 1.0))["reason"] == "the server is shutting down"
            assert server.parts.closed
            assert [session.reason for session in server.sessions] == ["the server is shutting down"] * 2

    run(story())
    assert [thread.name for thread in threading.enumerate() if not thread.daemon] == ["MainThread"]


def test_twenty_offers_at_once_fill_the_slots_and_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            callers = [Caller(server.client, (Tone(),)) for _ in range(20)]
            for caller in callers:
                await caller.__aenter__()
                await caller.offer()
            try:
                answers = await asyncio.gather(*(caller.post() for caller in callers))
                refused = [answer for answer in answers if answer.status_code == 503]
                assert (len(answers) - len(refused), len(refused)) == (2, 18)
                assert all(answer.json()["error"]["code"] == "busy" for answer in refused)
                assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
                assert "Please try again" in refused[0].json()["error"]["message"]
                assert len(server.sessions) == 2
            finally:
                for caller in callers:
                    await caller.__aexit__(None, None, None)

    run(story())


def test_admission_follows_the_measured_capacity(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, capacity=Capacity(1, "1 conversation")) as server:
            async with Caller(server.client, (Tone(),)) as one, Caller(server.client, (Tone(),)) as other:
                await one.call()
                assert (await other.post()).json()["error"]["code"] == "busy"
            assert (await server.client.get("/healthz")).json()["capacity"] == 1
            assert "omnilive_capacity 1.0" in (await server.client.get("/metrics")).text

    run(story())


def test_a_channel_that_closes_ends_the_call_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            caller.channel.close()
            await until(lambda: server.calls.admission.taken == 0, 3.0)
            assert server.sessions[0].reason == "the connection was lost"

    run(story())


def test_a_page_that_was_counted_as_gone_loses_its_call_without_a_goodbye(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, vanished_s=1.0) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            caller.tracks[0].stop()
            await until(lambda: caller.channel.readyState == "closed")
            assert server.sessions[0].reason == "the page sends nothing any more"
            assert not [message for message in caller.messages if message["type"] == "bye"]

    run(story())
