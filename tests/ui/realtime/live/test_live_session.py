"""The translation of OpenAI's Live dialect, message by message. Also tests live_config.py and live_timeline.py.

Every server message must be one that the stock client's types accept.

Also tests `live_config.py`, `live_timeline.py`, `ui/realtime/dialect.py`,
`ui/realtime/openai_event.py` and `ui/realtime/sound_format.py`.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from openai.types.live import ServerEvent
from pydantic import TypeAdapter

from dialogue.engine import Capabilities, ContextUse
from stream.runtime.events import (
    ContextShown,
    DelegationChanged,
    DeviceSwitched,
    Notice,
    ReplyEnded,
    ReplyHeard,
    ReplyText,
    SessionEnded,
    State,
    StateChanged,
    UserCaption,
)
from stream.runtime.given import CommentaryGiven, InstructionGiven
from ui.realtime.live.live_config import LiveServer
from ui.realtime.live.live_session import LiveSession
from ui.realtime.sound import pcm16

Message = dict[str, Any]
HALF_DUPLEX = Capabilities(hears=False, sees=False, speaks=False)
OMNI = Capabilities(hears=True, sees=True, speaks=True, duplex=True)
KNOWN: TypeAdapter[Any] = TypeAdapter(ServerEvent)


class LiveTalk:
    """A session under test at the time `at`, in seconds."""

    def __init__(self, can: Capabilities = HALF_DUPLEX, *, larger: bool = False, **session: Any) -> None:
        self.at = 100.0
        self.dialect = LiveSession(LiveServer(can, larger, expires_at=5), lambda: self.at)
        self.started = self.send("session.start", session={"model": "laptop", **session})
        self.begun = self.dialect.beginning() if self.started.begins else None

    def send(self, kind: str, **fields: Any) -> Any:
        taken = self.dialect.take({"type": kind, **fields})
        self.check(taken.answers)
        return taken

    def express(self, *events: Any) -> list[Message]:
        messages = [message for event in events for message in self.dialect.express(event)]
        self.check(messages)
        return messages

    @staticmethod
    def check(messages: list[Message]) -> None:
        for message in messages:
            KNOWN.validate_python(message)


def test_a_session_is_started_and_described() -> None:
    talk = LiveTalk(instructions="Be kind.", input=[user("Hello"), assistant("Hi"), developer("Talk of cats.")])
    [started] = talk.started.answers
    assert started["session"]["model"] == "laptop"
    assert started["session"]["delegation"] == {"type": "client"}
    assert started["session"]["audio"]["format"] == {"type": "audio/pcm", "rate": 24_000}
    assert talk.begun is not None
    assert [said.text for said in talk.begun.said] == ["Hello", "Hi"]
    assert talk.begun.instructions == "Be kind.\nTalk of cats."
    assert talk.begun.asks_client


def user(text: str) -> Message:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def assistant(text: str) -> Message:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def developer(text: str) -> Message:
    return {"role": "developer", "content": [{"text": text}]}


@pytest.mark.parametrize(
    ("form", "rate", "sent"),
    [
        ({"type": "audio/pcm", "rate": 16_000}, 16_000, 2),
        ({"type": "audio/pcm", "rate": 24_000}, 24_000, 2),
        ({"type": "audio/pcmu", "rate": 8_000}, 8_000, 1),
        ({"type": "audio/pcma", "rate": 8_000}, 8_000, 1),
    ],
)
def test_sound_travels_in_the_chosen_format(form: Message, rate: int, sent: int) -> None:
    talk = LiveTalk(audio={"format": form})
    assert talk.begun is not None and talk.begun.out_rate == rate
    [message] = talk.dialect.voiced(np.full(80, 0.5, np.float32))
    talk.check([message])
    assert len(base64.b64decode(message["delta"])) == 80 * sent
    sound = talk.send("session.input_audio.append", audio=message["delta"]).sound
    assert sound.rate == rate and np.allclose(sound.samples, 0.5, atol=0.02)


def test_a_muted_microphone_is_not_heard() -> None:
    talk = LiveTalk()
    muted = talk.send("session.input_audio.mute", event_id="e1")
    assert muted.perceived == [DeviceSwitched(microphone=False)]
    assert muted.answers[0]["client_event_id"] == "e1"
    sound = pcm16(np.ones(10, np.float32))
    assert talk.send("session.input_audio.append", audio=sound).sound is None
    assert talk.send("session.input_audio.unmute").perceived == [DeviceSwitched(microphone=True)]
    assert talk.send("session.input_audio.append", audio=sound).sound is not None


def test_transcripts_carry_the_times_at_which_they_were_heard() -> None:
    talk = LiveTalk()
    talk.at += 1
    assert talk.express(StateChanged(State.HEARING, 1.0), UserCaption(1, "What", final=False)) == []
    talk.at += 1
    [asked] = talk.express(UserCaption(1, "What time is it?", final=True))
    assert (asked["delta"], asked["start_ms"], asked["end_ms"]) == ("What time is it? ", 1000, 2000)
    assert talk.express(ReplyText(1, "It is three o'clock.")) == []
    talk.at += 1
    [first] = talk.express(ReplyHeard(1, 5))
    assert (first["delta"], first["start_ms"], first["end_ms"]) == ("It is", 2000, 3000)
    talk.at += 1
    rest, usage = talk.express(ReplyEnded(1, "It is three o'clock.", "It is three", cut=True))
    assert (rest["delta"], rest["start_ms"], rest["end_ms"]) == (" three", 3000, 4000)
    assert usage["usage"]["seconds"] == 4


def test_noise_has_no_transcript() -> None:
    assert LiveTalk().express(StateChanged(State.HEARING, 1.0), UserCaption(1, "", final=True)) == []


def test_context_from_outside() -> None:
    talk = LiveTalk(instructions="Be kind.")
    added = talk.send("session.instructions.append", content="Speak of cats.", delegation_id=None)
    assert added.perceived == [InstructionGiven("Be kind.\nSpeak of cats.")]
    assert added.answers[0]["type"] == "session.instructions.appended"
    known = talk.send("session.thinking.append", content="He likes tea.", delegation_id=None)
    assert known.perceived == [InstructionGiven("Be kind.\nSpeak of cats.\nHe likes tea.")]
    said = talk.send("session.commentary.append", content="Dinner is ready.", delegation_id=None)
    assert said.perceived == [CommentaryGiven("Dinner is ready.")]


def test_the_application_answers_what_is_delegated_to_it() -> None:
    talk = LiveTalk()
    talk.at += 2
    [created] = talk.express(DelegationChanged(True, "application"))
    assert created["delegation"]["target"] == "client" and created["offset_ms"] == 2000
    about = created["delegation"]["id"]
    assert talk.send("session.commentary.append", content="It is blue.", delegation_id=about).answer == "It is blue."
    assert talk.express(DelegationChanged(False, "application")) == []
    later = talk.send("session.commentary.append", content="And green.", delegation_id=about)
    assert later.answer is None and later.perceived == [CommentaryGiven("And green.")]
    assert is_error(talk.send("session.commentary.append", content="x", delegation_id="deleg_other"))


def test_a_session_is_closed_with_its_usage() -> None:
    talk = LiveTalk()
    talk.express(ContextShown(ContextUse({"text": 50}, 200)))
    assert talk.express(ReplyEnded(1, "", "", cut=False))[0]["context_window"] == {"usage_ratio": 0.25}
    talk.at += 9.5
    closed = talk.send("session.close")
    assert closed.ends
    assert closed.answers[0]["reason"] == "close_requested" and closed.answers[0]["usage"] == {"seconds": 9}
    assert talk.express(SessionEnded("closed")) == []


def test_a_session_that_fails_says_so() -> None:
    error, closed = LiveTalk().express(Notice("error", "engine_lost", "It broke."), SessionEnded("error"))
    assert error["error"]["code"] == "engine_lost" and closed["reason"] == "connection_lost"


def test_nothing_comes_before_the_start() -> None:
    dialect = LiveSession(LiveServer(HALF_DUPLEX), lambda: 0.0)
    assert is_error(dialect.take({"type": "session.close"}))


def test_a_model_with_a_voice_of_its_own_refuses_what_it_cannot_do() -> None:
    talk = LiveTalk(OMNI)
    for kind in ("instructions", "thinking", "commentary"):
        assert is_error(talk.send(f"session.{kind}.append", content="x", delegation_id=None))


def is_error(taken: Any) -> bool:
    return [answer["type"] for answer in taken.answers] == ["error"] and not (taken.perceived or taken.begins)


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"colour": "red"}, "session.colour"),
        ({"audio": {"format": {"type": "audio/pcm", "rate": 44_100}}}, "session.audio.format.rate"),
        ({"audio": {"format": {"type": "audio/opus"}}}, "session.audio.format"),
        ({"audio": {"output": {"voice": "x", "pitch": 3}}}, "session.audio.output.pitch"),
        ({"delegation": {"type": "client", "model": "x"}}, "session.delegation.model"),
        ({"delegation": {"type": "decisions"}}, "session.delegation"),
        ({"client": {"data_channel": {"allowed_client_events": "all"}}}, "session.client"),
        ({"input": [{"role": "user", "content": []}]}, "session.input.0.content"),
        ({"store": True}, "session.store"),
        ({"triggers": [{}]}, "session.triggers"),
        ({"model": 3}, "session.model"),
    ],
)
def test_a_start_is_refused_by_the_name_of_the_field(session: Message, param: str) -> None:
    taken = LiveTalk(**session).started
    assert is_error(taken)
    assert taken.answers[0]["error"]["param"] == param


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"type": 5},
        {"type": "make.coffee"},
        {"type": "session.start", "session": {"model": "laptop"}},
        {"type": "session.start"},
        {"type": "session.update", "session": {"instructions": "x"}},
        {"type": "session.update", "session": {"delegation": {"type": "responses", "responses": {"model": "x"}}}},
        {"type": "session.input_audio.append"},
        {"type": "session.input_audio.append", "audio": "%%%"},
        {"type": "session.input_audio.append", "audio": base64.b64encode(b"odd").decode()},
        {"type": "session.input_audio.append", "audio": "", "rate": 8000},
        {"type": "session.commentary.append", "content": "", "delegation_id": None},
        {"type": "session.commentary.append", "content": "x" * 3000, "delegation_id": None},
        {"type": "session.close", "event_id": 3},
    ],
)
def test_bad_messages_get_an_error_and_change_nothing(message: Any) -> None:
    talk = LiveTalk()
    taken = talk.dialect.take(message)
    talk.check(taken.answers)
    assert is_error(taken) and not (taken.ends or taken.sound or taken.answer)
