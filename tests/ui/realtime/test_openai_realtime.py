"""The translation of OpenAI's Realtime dialect, event by event. Also tests openai_response.py and openai_session.py."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from stream.runtime.events import (
    DeviceSwitched,
    Interrupted,
    Notice,
    ReplyEnded,
    ReplyText,
    State,
    StateChanged,
    TalkKeyPressed,
    TextTyped,
    UserCaption,
)
from ui.realtime.openai_realtime import OpenAiRealtime

Message = dict[str, Any]


@pytest.fixture
def dialect() -> OpenAiRealtime:
    return OpenAiRealtime("laptop")


def kinds(messages: list[Message]) -> list[str]:
    return [message["type"] for message in messages]


def pcm(samples: int) -> str:
    return base64.b64encode(bytes(2 * samples)).decode()


def typed(text: str) -> Message:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return {"type": "conversation.item.create", "item": item}


def shown(url: str) -> Message:
    item = {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": url}]}
    return {"type": "conversation.item.create", "item": item}


MANUAL = {"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}}


def test_the_session_is_described(dialect: OpenAiRealtime) -> None:
    [opened] = dialect.opened()
    assert opened["type"] == "session.created"
    assert opened["session"]["model"] == "laptop"
    [updated] = dialect.take({"type": "session.update", "session": {"instructions": "Be kind."}}).answers
    assert updated["session"]["instructions"] == "Be kind."


def test_a_typed_message_is_answered_when_a_response_is_asked_for(dialect: OpenAiRealtime) -> None:
    added = dialect.take(typed("Hello"))
    assert kinds(added.answers) == ["conversation.item.added", "conversation.item.done"]
    assert not added.perceived
    assert dialect.take({"type": "response.create"}).perceived == [TextTyped("Hello")]
    answers = [*dialect.express(UserCaption(1, "Hello", final=True, typed=True)), *dialect.express(ReplyText(1, "Hi."))]
    assert kinds(answers) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
    ]
    [sound] = dialect.voiced(np.full(480, 0.5, np.float32))
    assert np.frombuffer(base64.b64decode(sound["delta"]), "<i2").tolist() == [16384] * 480
    ended = dialect.express(ReplyEnded(1, "Hi.", "Hi.", cut=False))
    assert kinds(ended) == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert ended[-1]["response"]["status"] == "completed"
    assert dialect.voiced(np.zeros(480, np.float32)) == []


def test_speech_is_reported_with_its_transcript(dialect: OpenAiRealtime) -> None:
    taken = dialect.take({"type": "input_audio_buffer.append", "audio": pcm(24_000)})
    assert taken.sound is not None
    assert taken.sound.rate == 24_000
    [started] = dialect.express(StateChanged(State.HEARING, 0.0))
    assert started["type"] == "input_audio_buffer.speech_started"
    assert started["audio_start_ms"] == 1000
    said = dialect.express(UserCaption(1, "What time is it?", final=True))
    assert kinds(said) == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert {message.get("item_id", started["item_id"]) for message in said} == {started["item_id"]}


def test_noise_is_no_item(dialect: OpenAiRealtime) -> None:
    dialect.express(StateChanged(State.HEARING, 0.0))
    assert kinds(dialect.express(UserCaption(1, "", final=True))) == ["input_audio_buffer.speech_stopped"]


def test_a_client_may_decide_the_turns(dialect: OpenAiRealtime) -> None:
    assert dialect.take(MANUAL).perceived == [DeviceSwitched(hands_free=False)]
    append = {"type": "input_audio_buffer.append", "audio": pcm(480)}
    assert dialect.take(append).perceived == [TalkKeyPressed(down=True)]
    assert dialect.take(append).perceived == []
    assert kinds(dialect.take({"type": "input_audio_buffer.commit"}).answers) == ["input_audio_buffer.committed"]
    assert dialect.take({"type": "response.create"}).perceived == [TalkKeyPressed(down=False)]


def test_an_interrupted_response_holds_what_was_heard(dialect: OpenAiRealtime) -> None:
    dialect.express(ReplyText(1, "One two three."))
    assert dialect.take({"type": "response.cancel"}).perceived == [Interrupted()]
    done = dialect.express(ReplyEnded(1, "One two three.", "One", cut=True))[-1]["response"]
    assert done["status"] == "cancelled"
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": "One"}]


def test_text_alone_has_no_sound(dialect: OpenAiRealtime) -> None:
    dialect.take({"type": "session.update", "session": {"output_modalities": ["text"]}})
    assert kinds(dialect.express(ReplyText(1, "Hi.")))[-1] == "response.output_text.delta"
    assert dialect.voiced(np.zeros(480, np.float32)) == []
    assert not dialect.aloud


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"type": 5},
        {"type": "make.coffee"},
        {"type": "session.update"},
        {"type": "session.update", "session": {"tools": [{"name": "f"}]}},
        {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcmu"}}}}},
        {"type": "session.update", "session": {"audio": 3}},
        {"type": "session.update", "session": {"output_modalities": ["smell"]}},
        {"type": "session.update", "session": {"instructions": 7}},
        {"type": "input_audio_buffer.append"},
        {"type": "input_audio_buffer.append", "audio": "%%%"},
        {"type": "input_audio_buffer.append", "audio": base64.b64encode(b"odd").decode()},
        {"type": "input_audio_buffer.commit"},
        {"type": "response.create"},
        {"type": "response.cancel"},
        {"type": "conversation.item.create", "item": {"type": "message", "role": "assistant"}},
        shown("/etc/picture.png"),
        shown("https://elsewhere.example/picture.png"),
        shown("data:image/png;base64,%%%"),
        {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [{"type": "x"}]}},
    ],
)
def test_bad_events_get_an_error_and_change_nothing(dialect: OpenAiRealtime, message: Any) -> None:
    before = dialect.session.described()
    taken = dialect.take(message)
    if kinds(taken.answers) != ["error"]:
        pytest.fail(f"{message} was taken: {taken}")
    assert not taken.perceived
    assert dialect.session.described() == before


def test_instructions_are_set_before_the_conversation(dialect: OpenAiRealtime) -> None:
    dialect.session.begun = True
    assert kinds(dialect.take({"type": "session.update", "session": {"instructions": "x"}}).answers) == ["error"]


def test_an_error_of_the_session_is_an_error_event(dialect: OpenAiRealtime) -> None:
    [error] = dialect.express(Notice("error", "engine_lost", "It broke."))
    assert error["error"]["code"] == "engine_lost"
