"""What a client of OpenAI's Realtime dialect may choose about turns and items before the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from dialogue.engine import Capabilities
from dialogue.errors import BadInput
from stream.runtime.events import ReplyText, TextTyped, UserCaption
from stream.runtime.given import AnswerAsked, InstructionGiven, TurnsChosen
from stream.session.said import Said
from ui.realtime.openai_realtime import OpenAiRealtime
from ui.realtime.openai_turns import turns_chosen


def semantic(**options: Any) -> dict[str, Any]:
    return {"type": "semantic_vad", **options}


def server(**options: Any) -> dict[str, Any]:
    return {"type": "server_vad", **options}


@pytest.mark.parametrize(
    ("detection", "chosen"),
    [
        (semantic(), TurnsChosen()),
        (semantic(eagerness="auto", create_response=True), TurnsChosen()),
        (semantic(eagerness="low"), TurnsChosen(eagerness="low")),
        (semantic(create_response=False), TurnsChosen(answers=False)),
        (semantic(eagerness="high", interrupt_response=False), TurnsChosen(eagerness="high", interruptible=False)),
        (server(), TurnsChosen(silence_s=0.5)),
        (
            server(threshold=0.7, silence_duration_ms=800, prefix_padding_ms=100),
            TurnsChosen(threshold=0.7, silence_s=0.8, pre_roll_s=0.1),
        ),
        (server(threshold=1.0, idle_timeout_ms=None), TurnsChosen(threshold=0.95, silence_s=0.5)),
    ],
)
def test_a_choice_is_understood(detection: dict[str, Any], chosen: TurnsChosen) -> None:
    assert turns_chosen(detection) == chosen


@pytest.mark.parametrize(
    ("detection", "words"),
    [
        ("server_vad", "must be null"),
        ({"type": "magic"}, "must be null"),
        (semantic(threshold=0.5), "no option 'threshold'"),
        (semantic(eagerness="eager"), "eagerness must be"),
        (server(create_response="no"), "create_response must be"),
        (server(idle_timeout_ms=5000), "idle_timeout_ms"),
        (server(interrupt_response="no"), "interrupt_response must be"),
        (server(silence_duration_ms="long"), "must be a number"),
        (server(silence_duration_ms=1), "from 100 to 5000"),
        (server(threshold=7), "threshold must be"),
        (server(prefix_padding_ms=True), "must be a number"),
    ],
)
def test_what_cannot_be_done_is_refused(detection: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        turns_chosen(detection)


@pytest.fixture
def dialect() -> OpenAiRealtime:
    return OpenAiRealtime("laptop", Capabilities(hears=False, sees=False, speaks=False))


def test_a_choice_holds_from_the_beginning_and_from_its_change(dialect: OpenAiRealtime) -> None:
    def update(detection: dict[str, Any]) -> list[Any]:
        audio = {"input": {"turn_detection": detection}}
        return dialect.take({"type": "session.update", "session": {"audio": audio}}).perceived

    update(server(silence_duration_ms=300))
    assert dialect.beginning().turns == TurnsChosen(silence_s=0.3)
    assert update(server(silence_duration_ms=900)) == [TurnsChosen(silence_s=0.9)]
    assert update(server(silence_duration_ms=900)) == []


def test_a_client_may_say_when_the_detected_speech_is_answered(dialect: OpenAiRealtime) -> None:
    detection = {"input": {"turn_detection": semantic(create_response=False)}}
    dialect.take({"type": "session.update", "session": {"audio": detection}})
    assert dialect.take({"type": "response.create"}).answers[0]["type"] == "error", "nothing was said"
    said = dialect.express(UserCaption(1, "What time is it?", final=True))
    assert "input_audio_buffer.committed" in [message["type"] for message in said]
    assert dialect.take({"type": "response.create"}).perceived == [AnswerAsked()]
    assert dialect.express(ReplyText(2, "Noon."))[0]["type"] == "response.created"
    assert dialect.take({"type": "response.create"}).answers[0]["type"] == "error", "it is answered"
    duplex = OpenAiRealtime("omni", Capabilities(hears=True, sees=True, speaks=True, duplex=True))
    [refused] = duplex.take({"type": "session.update", "session": {"audio": detection}}).answers
    assert "decides itself" in refused["error"]["message"]


def item(role: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    content = [{"type": kind, "text": text}]
    return {"type": "conversation.item.create", "item": {"type": "message", "role": role, "content": content, **more}}


def test_an_earlier_conversation_can_be_added_before_the_new_one(dialect: OpenAiRealtime) -> None:
    for message in (item("user", "input_text", "I am Ada."), item("assistant", "output_text", "Hello, Ada.")):
        assert [each["type"] for each in dialect.take(message).answers] == [
            "conversation.item.added",
            "conversation.item.done",
        ]
    assert list(dialect.beginning().said) == [Said(True, "I am Ada."), Said(False, "Hello, Ada.")]
    assert dialect.take(item("assistant", "output_text", "Late.")).answers[0]["type"] == "error"


def test_a_message_of_the_system_joins_the_instructions(dialect: OpenAiRealtime) -> None:
    dialect.take(item("system", "input_text", "Be kind."))
    assert dialect.beginning().instructions == "Be kind."
    late = dialect.take(item("system", "input_text", "Speak of cats."))
    assert late.perceived == [InstructionGiven("Be kind.\nSpeak of cats.")]
    assert [message["type"] for message in late.answers] == ["conversation.item.added", "conversation.item.done"]
    assert dialect.take(item("system", "input_image", "x")).answers[0]["type"] == "error"


def test_options_that_hold_for_the_session_are_refused_for_a_response(dialect: OpenAiRealtime) -> None:
    dialect.take(item("user", "input_text", "Hello."))
    wrong: list[Any] = [{"instructions": "Be kind."}, {"input": [{}]}, 7]
    for response in wrong:
        assert dialect.take({"type": "response.create", "response": response}).answers[0]["type"] == "error"
    whole = {"type": "response.create", "response": {"output_modalities": ["audio"], "instructions": None}}
    assert dialect.take(whole).perceived == [TextTyped("Hello.")]


def test_a_message_that_awaits_its_answer_can_be_deleted(dialect: OpenAiRealtime) -> None:
    dialect.take(item("user", "input_text", "Wrong.", id="a"))
    dialect.take(item("user", "input_text", "Right?", id="b"))
    [deleted] = dialect.take({"type": "conversation.item.delete", "item_id": "a"}).answers
    assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "a")
    assert dialect.take({"type": "response.create"}).perceived == [TextTyped("Right?")]
    [error] = dialect.take({"type": "conversation.item.delete", "item_id": "b"}).answers
    assert error["type"] == "error"
