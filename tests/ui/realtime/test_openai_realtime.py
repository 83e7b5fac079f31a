"""The translation of OpenAI's Realtime dialect, event by event.

Also tests `openai_output.py`, `openai_response.py` and `openai_session.py`.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from dialogue.engine import Capabilities
from stream.runtime.events import (
    DeviceSwitched,
    Interrupted,
    Notice,
    PlayoutMeasured,
    ReplyEnded,
    ReplyText,
    State,
    StateChanged,
    TalkKeyPressed,
    TextTyped,
    UserCaption,
)
from stream.runtime.given import InstructionGiven, ReplyTruncated
from ui.realtime.openai_realtime import OpenAiRealtime

Message = dict[str, Any]
KNOWN: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)


@pytest.fixture
def dialect() -> OpenAiRealtime:
    return OpenAiRealtime("laptop", Capabilities(hears=False, sees=False, speaks=False, tools=True))


def kinds(messages: list[Message]) -> list[str]:
    """The types of events, each of which must be one that the stock client's types accept."""
    for message in messages:
        KNOWN.validate_python(message)
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
        "rate_limits.updated",
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
        "conversation.item.input_audio_transcription.delta",
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


def test_a_truncated_reply_ends_with_what_the_client_has_played(dialect: OpenAiRealtime) -> None:
    added = dialect.express(ReplyText(1, "One two three."))[2]
    dialect.voiced(np.zeros(24_000, np.float32))
    item = {"type": "conversation.item.truncate", "item_id": added["item"]["id"], "content_index": 0}
    taken = dialect.take({**item, "audio_end_ms": 400})
    assert taken.perceived == [PlayoutMeasured(0.6), Interrupted()]
    assert kinds(taken.answers) == ["conversation.item.truncated"]
    dialect.express(ReplyEnded(1, "One two three.", "One", cut=True))
    assert dialect.take({**item, "audio_end_ms": 700}).perceived == [PlayoutMeasured(0.3), ReplyTruncated(1, 0.3)]
    assert dialect.take({**item, "audio_end_ms": 1000}).perceived == [PlayoutMeasured(0.0)]
    for wrong in ({**item, "audio_end_ms": 5000}, {**item, "audio_end_ms": "x"}, {**item, "item_id": "item_other"}):
        assert kinds(dialect.take(wrong).answers) == ["error"]


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
        {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/opus"}}}}},
        {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 8000}}}}},
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


def test_instructions_may_change_in_the_middle_unless_the_model_hears(dialect: OpenAiRealtime) -> None:
    update = {"type": "session.update", "session": {"instructions": "Speak of cats."}}
    dialect.beginning()
    assert dialect.take(update).perceived == [InstructionGiven("Speak of cats.")]
    omni = OpenAiRealtime("omni", Capabilities(hears=True, sees=True, speaks=True))
    omni.beginning()
    assert kinds(omni.take(update).answers) == ["error"]


WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}


def test_a_function_of_the_client_is_called_and_its_result_goes_on(dialect: OpenAiRealtime) -> None:
    dialect.take({"type": "session.update", "session": {"tools": [WEATHER]}})
    assert list(dialect.beginning().functions) == [WEATHER]
    dialect.express(ReplyText(1, "One moment. "))
    called = dialect.called("call_1", "weather", '{"city": "Rome"}')
    assert kinds(called) == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert [item["type"] for item in called[-1]["response"]["output"]] == ["message", "function_call"]
    assert kinds(dialect.voiced(np.zeros(480, np.float32))) == ["response.output_audio.delta"]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "Sunny."}
    assert dialect.take({"type": "conversation.item.create", "item": output}).results == {}
    assert dialect.take({"type": "response.create"}).results == {"call_1": "Sunny."}
    assert kinds(dialect.express(ReplyText(1, "It is sunny.")))[0] == "response.created"
    done = dialect.express(ReplyEnded(1, "One moment. It is sunny.", "One moment. It is sunny.", cut=False))[-1]
    assert done["response"]["output"][0]["content"][0]["transcript"] == "It is sunny."


def test_a_reply_that_is_cut_while_a_function_runs_has_ended_already(dialect: OpenAiRealtime) -> None:
    assert kinds(dialect.called("call_1", "weather", "{}"))[0] == "response.created"
    assert dialect.express(ReplyEnded(1, "", "", cut=True)) == []


def test_a_model_without_functions_refuses_them() -> None:
    plain = OpenAiRealtime("plain", Capabilities(hears=False, sees=False, speaks=False))
    assert kinds(plain.take({"type": "session.update", "session": {"tools": [WEATHER]}}).answers) == ["error"]
    assert kinds(plain.take({"type": "session.update", "session": {"tools": []}}).answers) == ["session.updated"]


def test_telephones_send_and_take_g711(dialect: OpenAiRealtime) -> None:
    form = {"format": {"type": "audio/pcmu"}}
    dialect.take({"type": "session.update", "session": {"audio": {"input": form, "output": form}}})
    assert dialect.beginning().out_rate == 8000
    sound = dialect.take({"type": "input_audio_buffer.append", "audio": base64.b64encode(b"\xff" * 80).decode()}).sound
    assert sound is not None and sound.rate == 8000 and not sound.samples.any()
    dialect.express(ReplyText(1, "Hi."))
    [message] = dialect.voiced(np.zeros(80, np.float32))
    assert len(base64.b64decode(message["delta"])) == 80
    again = {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcm"}}}}}
    assert kinds(dialect.take(again).answers) == ["error"]


def test_an_item_can_be_read_again(dialect: OpenAiRealtime) -> None:
    [added, _] = dialect.take(typed("Hello")).answers
    [found] = dialect.take({"type": "conversation.item.retrieve", "item_id": added["item"]["id"]}).answers
    assert found["item"] == added["item"]
    assert kinds(dialect.take({"type": "conversation.item.retrieve", "item_id": "other"}).answers) == ["error"]


def test_an_error_of_the_session_is_an_error_event(dialect: OpenAiRealtime) -> None:
    [error] = dialect.express(Notice("error", "engine_lost", "It broke."))
    assert error["error"]["code"] == "engine_lost"
