"""Candidates that come after the offer, and another path during a call: the same DTLS, sound, pictures and messages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aioice.ice import Connection
from aiortc.rtcicetransport import RTCIceCandidate, candidate_from_aioice, candidate_to_aioice
from aiortc.sdp import SessionDescription, candidate_to_sdp

from stream.runtime.events import ReplyText
from tests.ui.call.test_call import run, until
from tests.ui.caller import Caller, House, house, peer_connection
from tests.ui.tracks import Tone
from ui.rtc.ice_path import _retire


def without_candidates(sdp: str) -> tuple[str, list[str]]:
    """The offer of a browser that has gathered nothing yet, and its candidates of the first line."""
    lines = sdp.splitlines()
    found = [line for line in lines if line.startswith("a=candidate:")]
    kept = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    return "\r\n".join(kept) + "\r\n", [line.removeprefix("a=") for line in dict.fromkeys(found)]


def test_a_call_connects_with_candidates_that_come_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            offer, candidates = without_candidates(await caller.offer())
            answer = (await server.client.post("/call", json={"sdp": offer, "type": "offer"})).json()
            path = {"resume": answer["resume"], "candidates": candidates}
            assert (await server.client.post("/call/path", json={**path, "user": "another"})).status_code == 200
            [running] = server.calls._running.values()
            [transport] = peer_connection(running.call)._transports()
            assert transport.transport.getRemoteCandidates() == []
            assert (await server.client.post("/call/path", json=path)).status_code == 200
            assert len(transport.transport.getRemoteCandidates()) == len(candidates)
            for bad in ({"candidates": ["candidate:1"]}, {"candidates": [1]}, {"candidates": [""] * 30}, {}):
                refused = await server.client.post("/call/path", json={"resume": answer["resume"], **bad})
                assert refused.json()["error"]["code"] == "bad_path"
            nobody = await server.client.post("/call/path", json={"resume": "x", "candidates": []})
            assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, "no_such_call")
            await running.call.close()

    run(story())


async def restarted(caller: Caller, response_of: Any) -> Connection:
    """The caller's end of an ICE restart, which aiortc has not: another connection behind its transport."""
    ice = caller.connection.getTransceivers()[0].receiver.transport.transport
    old = ice._connection
    new = Connection(ice_controlling=True)
    new._queue = old._queue
    await new.gather_candidates()
    shown = [f"a=candidate:{candidate_to_sdp(candidate_from_aioice(each))}" for each in new.local_candidates]
    lines = list[str]()
    for line in without_candidates(caller.connection.localDescription.sdp)[0].splitlines():
        if line.startswith("a=ice-ufrag:"):
            lines += [*shown, f"a=ice-ufrag:{new.local_username}"]
        elif line.startswith("a=ice-pwd:"):
            lines.append(f"a=ice-pwd:{new.local_password}")
        else:
            lines.append(line)
    answer = SessionDescription.parse((await response_of("\r\n".join(lines) + "\r\n"))["sdp"])
    media = answer.media[0]
    new.remote_username, new.remote_password = media.ice.usernameFragment, media.ice.password
    for candidate in media.ice_candidates:
        candidate.sdpMid = None
        await ice_add(new, candidate)
    await ice_add(new, None)
    await new.connect()
    ice._connection, ice._recv, ice._send = new, new.recv, new.send
    new._event_waiter, old._event_waiter = old._event_waiter, None
    return old


async def ice_add(connection: Connection, candidate: RTCIceCandidate | None) -> None:
    await connection.add_remote_candidate(None if candidate is None else candidate_to_aioice(candidate))


async def moved(server: House, caller: Caller, number: int) -> None:
    """The call goes on over another path, and over no other."""
    [session], [running] = server.sessions, server.calls._running.values()
    [transport] = peer_connection(running.call)._transports()
    before = transport.transport._connection

    async def response_of(sdp: str) -> Any:
        body = {"resume": caller.answer["resume"], "type": "offer", "sdp": sdp}
        response = await server.client.post("/call/path", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    old = await restarted(caller, response_of)
    await until(lambda: transport.transport._connection is not before)
    await _retire(old)  # nothing passes on the old path any more
    heard, sounds = len(session.heard()), len(caller.sound)
    session.say(ReplyText(1, f"after {number}"))
    await until(lambda: len(session.heard()) > heard + 8000 and len(caller.sound) > sounds + 20)
    await until(lambda: caller.messages[-1].get("text") == f"after {number}")


def test_a_call_moves_to_another_path_and_nothing_begins_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [session] = server.sessions
            [running] = server.calls._running.values()
            body = {"resume": caller.answer["resume"], "type": "offer", "sdp": await caller.offer()}
            assert "no restart" in (await server.client.post("/call/path", json=body)).json()["error"]["message"]
            await moved(server, caller, 1)
            await moved(server, caller, 2)
            assert server.sessions == [session] and peer_connection(running.call).connected
            caller.send({"type": "bye"})
            assert (await caller.message("bye"))["reason"] == "the page left"
            await until(lambda: not server.calls._running)

    run(story())


def test_a_path_that_is_not_found_leaves_the_call_on_its_old_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [session] = server.sessions
            offer, _ = without_candidates(await caller.offer())

            async def restart(number: int) -> int:
                ufrag = f"a=ice-ufrag:new{number}"
                other = "\r\n".join(ufrag if x.startswith("a=ice-ufrag") else x for x in offer.splitlines()) + "\r\n"
                body = {"resume": caller.answer["resume"], "sdp": other, "type": "offer"}
                return (await server.client.post("/call/path", json=body)).status_code

            assert await asyncio.gather(*(restart(number) for number in range(3))) == [200] * 3
            heard = len(session.heard())
            await until(lambda: len(session.heard()) > heard + 8000)
            await asyncio.sleep(0)
            caller.send({"type": "bye"})
            await caller.message("bye")

    run(story())
