"""The translation of OpenBMB's Realtime dialect, message by message. Also tests `usage.py`."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from dialogue.engine import ContextUse
from dialogue.llm.generation_config import GenerationConfig
from stream.runtime.events import (
    ContextShown,
    Expressed,
    Interrupted,
    Notice,
    ReplyEnded,
    ReplyText,
    SessionEnded,
    State,
    StateChanged,
    UserCaption,
)
from stream.runtime.given import PictureDetailChosen
from ui.realtime.minicpm_realtime import MiniCpmRealtime
from ui.realtime.sound import float32

Message = dict[str, Any]
JPEG = base64.b64encode(b"jpeg").decode()


def init(**payload: Any) -> Message:
    return {"type": "session.init", "payload": payload}


def append(samples: int = 160, **more: Any) -> Message:
    return {"type": "input.append", "input": {"audio": float32(np.full(samples, 0.5, np.float32)), **more}}


@pytest.fixture
def dialect() -> MiniCpmRealtime:
    dialect = MiniCpmRealtime("video")
    assert dialect.take(init(system_prompt="Be kind.")).begins
    return dialect


def test_a_session_begins_after_the_queue() -> None:
    dialect = MiniCpmRealtime("audio")
    [queued] = dialect.waiting(2, 4.5, 3) or []
    assert queued == {"type": "session.queued", "position": 2, "estimated_wait_s": 4.5, "queue_length": 3}
    assert dialect.opened() == [{"type": "session.queue_done"}]
    taken = dialect.take(init(system_prompt="Be kind.", config={"tts_enabled": False}, max_slice_nums=1))
    assert taken.begins and [answer["type"] for answer in taken.answers] == ["session.created"]
    assert dialect.beginning().instructions == "Be kind."
    assert not dialect.aloud


def test_sound_of_any_length_and_the_last_picture_are_taken(dialect: MiniCpmRealtime) -> None:
    taken = dialect.take(append(1, video_frames=[base64.b64encode(b"first").decode(), JPEG], force_listen=True))
    assert taken.sound is not None and taken.sound.rate == 16_000 and taken.sound.samples.tolist() == [0.5]
    assert taken.picture == b"jpeg"
    assert taken.perceived == [Interrupted()]
    assert dialect.take(append(0)).sound is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            UserCaption(1, "Hello.", final=True),
            [{"type": "input_audio_transcription.completed", "transcript": "Hello."}],
        ),
        (UserCaption(1, "Hel", final=False), []),
        (UserCaption(1, " ", final=True), []),
        (ReplyText(1, "Hi."), [{"type": "response.output_text.delta", "text": "Hi."}]),
        (StateChanged(State.LISTENING, 1.0), [{"type": "response.listen"}]),
        (StateChanged(State.HEARING, 1.0), []),
        (Notice("error", "lost", "It broke."), [{"type": "error", "error": {"code": "lost", "message": "It broke."}}]),
        (Notice("warning", "slow", "It is slow."), []),
        (SessionEnded("error"), [{"type": "session.closed", "reason": "error"}]),
    ],
)
def test_events_of_the_session(dialect: MiniCpmRealtime, event: Expressed, expected: list[Message]) -> None:
    assert dialect.express(event) == expected


def test_a_response_ends_with_its_usage(dialect: MiniCpmRealtime) -> None:
    dialect.express(ContextShown(ContextUse({"system": 10, "sound": 20, "picture": 5}, 100)))
    dialect.express(ReplyText(1, "Hi."))
    assert dialect.express(StateChanged(State.LISTENING, 1.0)) == []
    dialect.express(ContextShown(ContextUse({"system": 10, "sound": 8, "picture": 5, "reply": 3}, 100)))
    end, done = dialect.express(ReplyEnded(1, "Hi.", "Hi.", cut=False))
    assert end == {"type": "response.output_text.delta", "text": "", "end_of_turn": True}
    assert done["usage"]["input_tokens"] == 35 and done["usage"]["output_tokens"] == 3
    assert done["usage"]["input_tokens_details"] == {"audio_tokens": 20, "vision_tokens": 5}
    assert done["response"]["usage"] == done["usage"]
    dialect.express(ContextShown(ContextUse({"system": 10, "sound": 8, "picture": 5, "reply": 7}, 100)))
    again = dialect.express(ReplyEnded(2, "Bye.", "Bye.", cut=False))[1]
    assert again["usage"]["total_tokens"] == 42 and again["response"]["usage"]["total_tokens"] == 4


def test_after_a_cut_the_client_drops_what_waits(dialect: MiniCpmRealtime) -> None:
    dialect.express(ReplyText(1, "One two three."))
    assert [each["type"] for each in dialect.express(ReplyEnded(1, "One two three.", "One", cut=True))] == [
        "response.listen",
        "response.done",
    ]


def test_sound_is_float32(dialect: MiniCpmRealtime) -> None:
    [message] = dialect.voiced(np.full(3, 0.25, np.float32))
    assert np.frombuffer(base64.b64decode(message["audio"]), "<f4").tolist() == [0.25] * 3


def test_a_close_is_answered_and_ends_the_connection(dialect: MiniCpmRealtime) -> None:
    taken = dialect.take({"type": "session.close", "reason": "user_stop"})
    assert taken.ends and taken.answers[0]["type"] == "session.closed" and taken.answers[0]["reason"] == "user_stop"
    assert dialect.express(SessionEnded("closed")) == []


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {"type": 5},
        {"type": "make.coffee"},
        init(),
        {"type": "input.append"},
        {"type": "input.append", "input": 3},
        {"type": "input.append", "input": {"audio": "%%%"}},
        {"type": "input.append", "input": {"audio": float32(np.array([np.nan], np.float32))}},
        append(force_listen="yes"),
        append(video_frames="frame"),
        append(video_frames=["%%%"]),
        append(0, video_frames=[JPEG]),
        append(video_frames=[JPEG] * 33),
        {"type": "session.close", "reason": 3},
    ],
)
def test_bad_messages_get_an_error_and_change_nothing(dialect: MiniCpmRealtime, message: Any) -> None:
    taken = dialect.take(message)
    assert [answer["type"] for answer in taken.answers] == ["error"]
    assert not (taken.begins or taken.ends or taken.perceived or taken.sound or taken.picture)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("audio", append()),
        ("smell", init()),
        (None, init()),
        ("audio", init(colour="red")),
        ("audio", init(config={"temperature": "hot"})),
        ("audio", init(config={"max_tokens": 0})),
        ("audio", init(config={"length_penalty": 1.1})),
        ("audio", init(config={"vision_hd": "yes"})),
        ("audio", init(config={"tts_enabled": "yes"})),
        ("audio", init(voice={"ref_audio_base64": "aGk="})),
        ("audio", init(max_slice_nums=9)),
        ("audio", init(system_prompt=7)),
        ("audio", init(config=3)),
    ],
)
def test_a_session_does_not_begin_wrongly(mode: str | None, message: Message) -> None:
    taken = MiniCpmRealtime(mode).take(message)
    assert [answer["type"] for answer in taken.answers] == ["error"] and not taken.begins


def test_options_of_the_replies_and_of_pictures_are_taken() -> None:
    dialect = MiniCpmRealtime("video")
    taken = dialect.take(init(config={"temperature": 0.5, "max_tokens": 60, "vision_hd": True}))
    assert taken.begins and taken.perceived == [PictureDetailChosen("always")]
    assert dialect.beginning().generation == GenerationConfig(temperature=0.5, max_new_tokens=60)


def test_pictures_need_the_mode_video() -> None:
    dialect = MiniCpmRealtime("audio")
    dialect.take(init())
    assert [answer["type"] for answer in dialect.take(append(video_frames=[JPEG])).answers] == ["error"]
