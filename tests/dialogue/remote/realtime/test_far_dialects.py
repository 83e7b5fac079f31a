"""The translators of realtime servers: what is sent and understood. Through them `far_sound`, `common_messages`.

Also tests `common_messages.py`, `far_events.py`, `far_sound.py`, `live_far.py`, `minicpm_far.py` and `openai_far.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dialogue.blocks import ReplyBlock, TextBlock, UnitBlock
from dialogue.errors import BadInput
from dialogue.remote.realtime.far_events import (
    FarCall,
    FarDialect,
    FarDone,
    FarFault,
    FarQueue,
    FarReady,
    FarSound,
    FarWords,
    Standing,
)
from dialogue.remote.realtime.far_sound import float32, pcm16
from dialogue.remote.realtime.live_far import LiveFar
from dialogue.remote.realtime.minicpm_far import MiniCpmFar
from dialogue.remote.realtime.openai_far import OpenAiFar
from dialogue.tools.function_call import FunctionCall

SAID = (TextBlock("Hello.", 0, 1), ReplyBlock("Hi.", 1, 2))
STANDING = Standing("Be brief.", "any", SAID)
TONE = np.full(160, 0.25, np.float32)
PICTURE = np.zeros((8, 8, 3), np.uint8)


def openai() -> OpenAiFar:
    return OpenAiFar(STANDING, lambda samples: np.repeat(samples, 3)[::2])


def begun(dialect: FarDialect, *messages: dict[str, Any]) -> FarDialect:
    for message in messages:
        dialect.take(message)
    return dialect


def ready_openai() -> FarDialect:
    return begun(openai(), {"type": "session.created"}, {"type": "session.updated"})


def ready_minicpm(*, sees: bool = True) -> FarDialect:
    return begun(MiniCpmFar(STANDING, sees=sees), {"type": "session.queue_done"}, {"type": "session.created"})


def ready_live() -> FarDialect:
    return begun(LiveFar(STANDING), {"type": "session.started"})


def test_each_dialect_begins_with_the_instruction_and_what_was_said() -> None:
    far = openai()
    [update] = far.take({"type": "session.created"}).answers
    assert update["session"]["instructions"] == "Be brief."
    assert update["session"]["audio"]["input"]["turn_detection"]["interrupt_response"] is False
    begins = far.take({"type": "session.updated"})
    assert begins.events == [FarReady()]
    assert [(each["item"]["role"], each["item"]["content"][0]["text"]) for each in begins.answers] == [
        ("user", "Hello."),
        ("assistant", "Hi."),
    ]
    [start] = LiveFar(STANDING).opened()
    assert [item["role"] for item in start["session"]["input"]] == ["user", "assistant"]
    [init] = MiniCpmFar(STANDING, sees=True).take({"type": "session.queue_done"}).answers
    assert init["payload"]["system_prompt"].splitlines()[0] == "Be brief."
    assert "user: Hello.\nyou: Hi." in init["payload"]["system_prompt"]


@pytest.mark.parametrize(
    ("dialect", "message", "events"),
    [
        (ready_openai, {"type": "response.output_audio_transcript.delta", "delta": "Yes"}, [FarWords("Yes")]),
        (ready_openai, {"type": "response.audio_transcript.delta", "delta": "Yes"}, [FarWords("Yes")]),
        (ready_openai, {"type": "response.done", "response": {"status": "completed"}}, [FarDone()]),
        (ready_openai, {"type": "error", "error": {"message": "No."}}, [FarFault("No.")]),
        (openai, {"type": "error", "error": {"message": "Full."}}, [FarFault("Full.", lost=True)]),
        (
            ready_openai,
            {"type": "response.done", "response": {"status": "failed", "status_details": {"error": {"message": "No"}}}},
            [FarFault("No"), FarDone()],
        ),
        (ready_live, {"type": "session.output_transcript.delta", "delta": "Yes"}, [FarWords("Yes")]),
        (ready_live, {"type": "session.closed", "reason": "expired"}, [FarFault("", lost=True)]),
        (ready_minicpm, {"type": "response.output_text.delta", "text": "Yes"}, [FarWords("Yes")]),
        (ready_minicpm, {"type": "response.output.delta", "kind": "text", "delta": "Yes"}, [FarWords("Yes")]),
        (ready_minicpm, {"type": "response.output.delta", "kind": "listen"}, []),
        (
            ready_minicpm,
            {"type": "response.output_text.delta", "text": "Yes.", "end_of_turn": True},
            [FarWords("Yes."), FarDone()],
        ),
        (ready_minicpm, {"type": "session.queued", "position": 3, "estimated_wait_s": None}, [FarQueue(3, None)]),
        (ready_minicpm, {"type": "make.coffee"}, []),
        (ready_openai, {"type": 7}, []),
        (ready_live, {}, []),
    ],
)
def test_a_message_of_the_server_is_understood(dialect: Any, message: dict[str, Any], events: list[Any]) -> None:
    found = dialect().take(message).events
    if events == [FarFault("", lost=True)]:
        assert found[0].lost and "expired" in found[0].message
    else:
        assert found == events


@pytest.mark.parametrize(
    ("dialect", "message", "rate"),
    [
        (ready_openai, {"type": "response.output_audio.delta", "item_id": "i", "delta": pcm16(TONE)}, 24_000),
        (ready_live, {"type": "session.output_audio.delta", "delta": pcm16(TONE)}, 16_000),
        (ready_minicpm, {"type": "response.output_audio.delta", "audio": float32(TONE)}, 24_000),
    ],
)
def test_sound_comes_as_it_was_sent_and_odd_sound_is_refused(dialect: Any, message: dict[str, Any], rate: int) -> None:
    [sound] = dialect().take(message).events
    assert isinstance(sound, FarSound) and sound.rate == rate
    np.testing.assert_allclose(sound.samples, TONE, atol=1e-3)
    field = "audio" if "audio" in message else "delta"
    for odd in ("%", "AA==", 7, ["x"]):
        with pytest.raises(BadInput, match="cannot be used"):
            dialect().take({**message, field: odd})


def test_a_users_second_goes_out_with_its_picture() -> None:
    unit = UnitBlock(TONE, 0.0, PICTURE)
    picture, sound = ready_openai().hear(unit)
    assert picture["item"]["content"][0]["image_url"].startswith("data:image/jpeg;base64,")
    assert sound == {"type": "input_audio_buffer.append", "audio": pcm16(np.full(240, 0.25, np.float32))}
    assert ready_live().hear(unit) == [{"type": "session.input_audio.append", "audio": pcm16(TONE)}]
    [append] = ready_minicpm().hear(unit)
    assert append["input"]["audio"] == float32(TONE) and append["input"]["video_frames"]
    assert "video_frames" not in ready_minicpm(sees=False).hear(unit)[0]["input"]


def test_typed_words_are_asked_where_the_dialect_has_them() -> None:
    typed = UnitBlock(np.zeros(0, np.float32), 0.0, text="Who?")
    far = ready_openai()
    assert [message["type"] for message in far.hear(typed)] == ["conversation.item.create", "response.create"]
    assert far.awaits_answer
    for dialect in (ready_live(), ready_minicpm()):
        with pytest.raises(BadInput, match="no typed messages"):
            dialect.hear(typed)


def test_an_interruption_truncates_and_the_rest_is_ignored() -> None:
    far = begun(ready_openai(), {"type": "response.created", "response": {"id": "r1"}})
    cancel, truncate = far.cut("item_1", 0.84)
    assert cancel["type"] == "response.cancel"
    assert (truncate["item_id"], truncate["audio_end_ms"]) == ("item_1", 840)
    late = {"type": "response.output_audio_transcript.delta", "response_id": "r1", "delta": "late"}
    assert not far.take(late).events
    assert not far.take({"type": "response.done", "response": {"id": "r1", "status": "cancelled"}}).events
    assert far.take({**late, "response_id": "r2"}).events == [FarWords("late")]


def test_a_function_is_called_and_the_reply_goes_on_with_its_result() -> None:
    weather = {"name": "weather", "description": "", "parameters": {}}
    function = {"type": "function", "function": weather}
    far = OpenAiFar(Standing("Be brief.", functions=[function]), lambda samples: samples)
    [update] = far.take({"type": "session.created"}).answers
    assert update["session"]["tools"] == [{"type": "function", **weather}]
    far.take({"type": "session.updated"})
    far.take({"type": "response.created", "response": {"id": "r1"}})
    done = {"type": "response.function_call_arguments.done", "response_id": "r1", "call_id": "c1", "name": "weather"}
    [called] = far.take({**done, "arguments": '{"city": "Rome"}'}).events
    assert called == FarCall(FunctionCall("weather", {"city": "Rome"}, number="c1"))
    assert far.take({"type": "response.done", "response": {"id": "r1", "status": "completed"}}).events == []
    result, create = far.result(called.call, '"sunny"')
    assert (result["item"]["call_id"], create["type"]) == ("c1", "response.create")
    assert far.awaits_answer
    with pytest.raises(BadInput):
        far.take({**done, "arguments": 7})


def test_minicpm_is_forced_to_listen_after_an_interruption() -> None:
    text = {"type": "response.output_text.delta", "text": "So"}
    far = begun(ready_minicpm(), text)
    assert far.cut("", 0.5) == []
    assert far.hear(UnitBlock(TONE, 0.0))[0]["input"]["force_listen"] is True
    assert "force_listen" not in far.hear(UnitBlock(TONE, 0.0))[0]["input"]
    assert not far.take(text).events
    assert not far.take({"type": "response.listen"}).events
    assert far.take(text).events == [FarWords("So")]
