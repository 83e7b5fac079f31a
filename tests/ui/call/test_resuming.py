"""A page that loses its connection goes on with the same session, and misses no message; others may have its place.

Also tests `times.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from stream.runtime.events import ReplyText, TextTyped
from stream.session.said import Said
from tests.ui.call.test_call import run, until
from tests.ui.caller import Caller, House, RememberingSession, house
from tests.ui.tracks import Tone
from ui.call.sent_messages import MOST_KEPT
from ui.call.times import CONNECT_S, RESUME_S
from ui.call.waiting_line import ASK_EVERY_S


def hangs_up(caller: Caller) -> asyncio.Task[None]:
    """The connection is lost without a goodbye."""
    return asyncio.create_task(caller.connection.close())


@asynccontextmanager
async def lost_call(server: House) -> AsyncIterator[tuple[Caller, RememberingSession]]:
    """A call whose session waits for its page."""
    async with Caller(server.client, (Tone(),)) as caller:
        await caller.call()
        [session] = [each for each in server.sessions if each.name == caller.session]
        [running] = [each for each in server.calls._running.values() if each.call.name == caller.session]
        await until(lambda: running.call.connected)
        await hangs_up(caller)
        await until(lambda: running.call.waits_for_page)
        yield caller, session


def texts(caller: Caller) -> list[str]:
    return [message["text"] for message in caller.messages if message["type"] == "reply_text"]


def test_a_lost_call_goes_on_where_it_was(tmp_path: Path) -> None:
    assert RESUME_S == 30.0

    async def story() -> None:
        async with house(tmp_path, resume_s=20) as server, Caller(server.client, (Tone(),)) as one:
            await one.call()
            [session] = server.sessions
            [running] = server.calls._running.values()
            session.say(ReplyText(1, "a"))
            await until(lambda: texts(one) == ["a"] and running.call.connected)
            received = len(one.messages)
            await hangs_up(one)
            await until(lambda: running.call.waits_for_page)
            assert server.calls.admission.taken == 0
            session.say(ReplyText(1, "b"))
            session.say(ReplyText(1, "c"))
            async with Caller(server.client, (Tone(),)) as two:
                await two.call(replaces=one.session, resume=one.answer["resume"], received=received)
                assert (two.answer["resumed"], two.session) == (True, one.session)
                assert (await two.message("hello"))["resumed"] is True
                assert texts(two) == ["b", "c"], "nothing is missed, and nothing comes twice"
                assert server.sessions == [session] and server.calls.admission.taken == 1
                sounds, heard = len(two.sound), len(session.heard())  # without gaps, as `heard` checks
                await until(lambda: len(two.sound) > sounds + 10 and len(session.heard()) > heard + 8000)
                two.send({"type": "say", "text": "I am back."})
                await until(lambda: TextTyped("I am back.") in session.perceived)
                session.say(ReplyText(2, "d"))
                await until(lambda: texts(two) == ["b", "c", "d"])
                two.send({"type": "bye"})
                assert (await two.message("bye"))["reason"] == "the page left"

    run(story())


def test_messages_that_were_sent_and_not_received_come_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, resume_s=20) as server, Caller(server.client, (Tone(),)) as one:
            await one.call()
            [session] = server.sessions
            for text in "abc":
                session.say(ReplyText(1, text))
            await until(lambda: texts(one) == ["a", "b", "c"])
            async with Caller(server.client, (Tone(),)) as two:  # the page notices the loss before the server
                await two.call(resume=one.answer["resume"], received=len(one.messages) - 2)
                assert two.answer["resumed"] and texts(two) == ["b", "c"]
                assert server.calls.admission.taken == 1

    run(story())


def test_a_call_that_is_not_resumed_in_time_ends(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, resume_s=0.5) as server, lost_call(server) as (caller, session):
            await until(lambda: not server.calls._running, 5.0)
            assert session.reason == "the connection was lost"
            async with Caller(server.client, (Tone(),)) as late:
                said = [{"role": "user", "text": "My cat is called Momo."}, {"role": "assistant", "text": "Nice."}]
                await late.call(resume=caller.answer["resume"], received=1, said=said)
                assert (late.answer["resumed"], late.answer["restored"]) == (False, True)
                assert (await late.message("hello"))["restored"] is True
                assert server.sessions[1].start.said == (Said(True, "My cat is called Momo."), Said(False, "Nice."))

    run(story())


def test_the_place_of_a_lost_call_is_free_and_its_session_makes_room(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path, resume_s=20) as server,
            lost_call(server) as (lost, session),
            Caller(server.client, (Tone(),)) as two,
            Caller(server.client, (Tone(),)) as three,
        ):
            await two.call()
            assert not session.closed.is_set()
            await three.call()
            await until(session.closed.is_set)
            async with Caller(server.client, (Tone(),)) as back:
                refused = (await back.post(resume=lost.answer["resume"], received=1)).json()
                assert refused["error"]["code"] == "busy"

    run(story())


def test_a_stranger_cannot_resume_a_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path, resume_s=20) as server,
            lost_call(server) as (lost, session),
            Caller(server.client, (Tone(),)) as stranger,
        ):
            await stranger.call(resume=lost.session, received=0)
            assert not stranger.answer["resumed"] and stranger.session != lost.session
            assert not session.closed.is_set()

    run(story())


def test_another_page_takes_the_call_over_and_keeps_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path, resume_s=20) as server,
            Caller(server.client, (Tone(),)) as one,
            Caller(server.client, (Tone(),)) as two,
        ):
            await one.call(page="one")
            [session] = server.sessions
            session.say(ReplyText(1, "a"))
            await until(lambda: texts(one) == ["a"])
            token = one.answer["resume"]
            refused = await two.post(resume=token, received=0, page="two")
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "taken_over")
            await two.call(resume=token, received=0, page="two", take=True)
            assert two.answer["resumed"] and two.answer["first"] == 0
            await until(lambda: texts(two) == ["a"])
            assert "another device" in (await one.message("bye"))["reason"]
            async with Caller(server.client, (Tone(),)) as back:  # it was without a network meanwhile
                assert (await back.post(resume=token, received=2, page="one")).status_code == 409
            session.say(ReplyText(1, "b"))
            await until(lambda: texts(two) == ["a", "b"])
            assert texts(one) == ["a"]
            assert server.sessions == [session] and server.calls.admission.taken == 1
            heard = len(session.heard())
            await until(lambda: len(session.heard()) > heard + 8000)

    run(story())


def test_a_page_learns_the_number_of_its_first_message(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, resume_s=20) as server, Caller(server.client, (Tone(),)) as one:
            await one.call(page="one")
            [session] = server.sessions
            for number in range(MOST_KEPT + 20):
                session.say(ReplyText(1, str(number)))
            await until(lambda: len(texts(one)) == MOST_KEPT + 20)
            async with Caller(server.client, (Tone(),)) as two:
                await two.call(resume=one.answer["resume"], received=0, page="two", take=True)
                assert two.answer["first"] == 21, "the hello and 20 replies are not kept"
                await until(lambda: texts(two) == [str(number) for number in range(20, MOST_KEPT + 20)])
                received = two.answer["first"] + len(two.messages)
                await until(lambda: two.messages[-1]["type"] == "hello")
                async with Caller(server.client, (Tone(),)) as again:
                    await again.call(resume=one.answer["resume"], received=received, page="two")
                    assert texts(again) == []

    run(story())


def test_an_offer_that_never_connects_keeps_its_place_for_five_seconds_at_most(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, connect_s=CONNECT_S, resume_s=20) as server, Caller(server.client) as caller:
            loop = asyncio.get_running_loop()
            assert (await caller.post()).status_code == 200
            began = loop.time()
            assert server.calls.admission.taken == 1
            await until(lambda: server.calls.admission.taken == 0)
            assert loop.time() - began <= 5.0
            await until(lambda: not server.calls._running)
            assert server.sessions[0].reason == "the page did not connect"

    run(story())


def test_a_caller_connects_to_a_server_that_is_late_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path, connect_s=0.8) as server, Caller(server.client, (Tone(),)) as caller:
            answer = await caller.post()
            time.sleep(1.2)  # noqa: ASYNC251 - as a machine without time for this process
            await caller.accept(answer)
            assert not server.sessions[0].reason

    run(story())


def test_callers_wait_in_a_queue_and_enter_in_order(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server:
            callers = [Caller(server.client, (Tone(),)) for _ in range(4)]
            one, two, three, four = [await caller.__aenter__() for caller in callers]
            try:
                await one.call()
                await two.call()
                answers = [await caller.post() for caller in (three, four)]
                queues = [answer.json()["queue"] for answer in answers]
                assert [queue["position"] for queue in queues] == [1, 2]
                assert [queue["wait_s"] for queue in queues] == [None, None], "no call has ended yet"
                assert [answer.headers["retry-after"] for answer in answers] == [str(ASK_EVERY_S)] * 2
                running = server.calls._running[one.session]
                await until(lambda: running.call.connected)
                one.send({"type": "bye"})
                await until(lambda: server.calls.admission.taken == 1)
                waits = (await four.post(ticket=queues[1]["ticket"])).json()["queue"]
                assert waits["position"] == 2 and waits["wait_s"] > 0
                assert (await four.post()).json()["queue"]["position"] == 3, "a newcomer is behind both"
                await three.call(ticket=queues[0]["ticket"])
                assert (await four.post(ticket=queues[1]["ticket"])).json()["queue"]["position"] == 1
            finally:
                for caller in callers:
                    await caller.__aexit__(None, None, None)

    run(story())
