"""Events and the JSON of docs/wire.md in both directions, and malformed messages. Also tests `page_message.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.engine import ContextUse
from dialogue.errors import BadInput
from stream.runtime.adapting import AdapterChosen, AdapterInUse
from stream.runtime.events import (
    ConsentAsked,
    ContextShown,
    DelegationChanged,
    DeviceLost,
    DeviceStopped,
    DeviceSwitched,
    Expressed,
    Interrupted,
    Notice,
    PlayoutMeasured,
    ReplyEnded,
    ReplyHeard,
    ReplyText,
    SceneSeen,
    SeenObject,
    SeenText,
    SessionEnded,
    State,
    StateChanged,
    TalkKeyPressed,
    TextTyped,
    TurnRecorded,
    TurnTimed,
    UnitDecided,
    UserCaption,
    Why,
)
from stream.runtime.given import AcknowledgementSwitched, PictureDetailChosen
from stream.runtime.origins import ReplyCited, ReplyRecalled
from stream.runtime.shown import PictureDrawn, ShownChanged
from stream.runtime.spoken import LanguageChanged, LanguageChosen, SpeakerChosen, VoiceDucked
from stream.runtime.translating import Translated, TranslationChanged, TranslationSwitched
from stream.runtime.watching import NarrationSwitched, WatchDeleted, WatchingChanged, WatchShown
from ui.realtime.page_message import READERS, FromPage, LeaveReceived, PingReceived, from_wire, pong
from ui.realtime.wire import bad_message, encoded, hello, to_wire

DOCUMENT = (Path(__file__).parents[3] / "docs" / "wire.md").read_text()

EXPRESSED_AS: list[tuple[Expressed, dict[str, object]]] = [
    (StateChanged(State.THINKING, at=1.0), {"type": "state", "state": "thinking"}),
    (
        UserCaption(3, "what is", final=False),
        {"type": "user_caption", "turn": 3, "text": "what is", "final": False, "typed": False},
    ),
    (ReplyText(3, "It is"), {"type": "reply_text", "turn": 3, "text": "It is"}),
    (ReplyHeard(3, 5), {"type": "reply_heard", "turn": 3, "characters": 5}),
    (
        ReplyEnded(3, "It is a cat.", "It is", cut=True),
        {"type": "reply_ended", "turn": 3, "said": "It is a cat.", "heard": "It is", "cut": True},
    ),
    (
        SceneSeen(
            2.00049,
            (SeenObject("cat", 0.91234, (0.1, 0.2, 0.3, 0.456789)),),
            (SeenText("EXIT", (0, 0, 1, 1)),),
            "a cat",
        ),
        {
            "type": "scene",
            "at": 2.0,
            "objects": [{"label": "cat", "score": 0.912, "box": [0.1, 0.2, 0.3, 0.4568]}],
            "texts": [{"text": "EXIT", "box": [0.0, 0.0, 1.0, 1.0]}],
            "description": "a cat",
            "camera": True,
        },
    ),
    (
        TurnTimed(3, {"first_token": 0.51234}, {"first_token": 0.6}, over=("transcript",)),
        {
            "type": "latency",
            "turn": 3,
            "marks": {"first_token": 512.3},
            "budget": {"first_token": 600.0},
            "over": ["transcript"],
        },
    ),
    (
        Why(3, "answered", "waited 400 ms", at=12.345),
        {"type": "why", "turn": 3, "kind": "answered", "text": "waited 400 ms", "at": 12.35},
    ),
    (
        TurnRecorded(
            *(3, 1.0, 2.0, 5.0, "cut"),
            silence_s=0.38,
            pauses=((0.13, 0.4142),),
            broken_by="transcript",
            network_s=0.012,
        ),
        {
            "type": "turn_record",
            "turn": 3,
            "outcome": "cut",
            "delays": {"silence": 380.0, "network": 12.0},
            "pauses": [[130, 0.414]],
            "broken_by": "transcript",
        },
    ),
    (
        DelegationChanged(True, "gpu-box:8000", picture=True),
        {"type": "delegation", "pending": True, "server": "gpu-box:8000", "picture": True},
    ),
    (
        WatchingChanged((WatchShown(2, "when a person comes in"),), narrating=True),
        {"type": "watching", "rules": [{"number": 2, "text": "when a person comes in"}], "narrating": True},
    ),
    (
        TranslationChanged("table", "en", "zh"),
        {"type": "translation", "mode": "table", "mine": "en", "theirs": "zh"},
    ),
    (
        Translated(3, 0, "Hello.", "en"),
        {"type": "translated", "turn": 3, "number": 0, "text": "Hello.", "language": "en"},
    ),
    (LanguageChanged("zh", fixed=True), {"type": "language", "language": "zh", "fixed": True}),
    (VoiceDucked(True), {"type": "duck", "on": True, "silent": False}),
    (AdapterInUse(("law",), ""), {"type": "adapter", "names": ["law"], "name": ""}),
    (PictureDrawn("/9j/4A=="), {"type": "drawn", "picture": "/9j/4A=="}),
    (
        ShownChanged(3, "a.mp4", "film", "reading", 0.25),
        {"type": "shown", "number": 3, "name": "a.mp4", "kind": "film", "state": "reading", "done": 0.25},
    ),
    (
        UnitDecided(7, speaks=True, left=(0, 1)),
        {"type": "unit", "number": 7, "decision": "speaking", "forced": False, "left": [0, 1]},
    ),
    (
        ContextShown(ContextUse({"reply": 7}, 2048, 2)),
        {"type": "context", "tokens": {"reply": 7}, "limit": 2048, "dropped": 2, "blocks": [], "left": {}},
    ),
    (
        ContextShown(ContextUse({"text": 9}, 64, 3, (("text", 4), ("text", 5)), {"picture": 2, "text": 1})),
        {
            "type": "context",
            "tokens": {"text": 9},
            "limit": 64,
            "dropped": 3,
            "blocks": [["text", 4], ["text", 5]],
            "left": {"picture": 2, "text": 1},
        },
    ),
    (ConsentAsked(3, "Shall I?"), {"type": "consent", "turn": 3, "question": "Shall I?"}),
    (DeviceStopped("camera"), {"type": "stopped", "device": "camera"}),
    (
        ReplyCited(3, "contract, page 3", "The rent is 900 euros."),
        {"type": "reply_cited", "turn": 3, "source": "contract, page 3", "text": "The rent is 900 euros."},
    ),
    (ReplyRecalled(3, 42.04), {"type": "reply_recalled", "turn": 3, "at": 42.0}),
    (
        Notice("info", "quiet", "Say something."),
        {"type": "notice", "level": "info", "code": "quiet", "text": "Say something."},
    ),
    (
        Notice("error", "x", "y", {"file": "z"}),
        {"type": "notice", "level": "error", "code": "x", "text": "y", "detail": {"file": "z"}},
    ),
    (SessionEnded("closed"), {"type": "bye", "reason": "closed"}),
]

SAID: list[tuple[dict[str, object], FromPage]] = [
    ({"type": "say", "text": "Grüße 👋"}, TextTyped("Grüße 👋")),
    ({"type": "say", "text": "x" * 100_000}, TextTyped("x" * 100_000)),  # the session checks the length
    ({"type": "talk", "down": True}, TalkKeyPressed(True)),
    ({"type": "switch", "camera": False}, DeviceSwitched(camera=False)),
    ({"type": "switch", "microphone": True, "camera": False, "hands_free": True}, DeviceSwitched(True, False, True)),
    ({"type": "interrupt"}, Interrupted()),
    ({"type": "playout", "delay_ms": 45}, PlayoutMeasured(0.045)),
    ({"type": "playout", "delay_ms": 45.5}, PlayoutMeasured(0.0455)),
    ({"type": "playout", "delay_ms": 45, "round_trip_ms": 8}, PlayoutMeasured(0.045, 0.008)),
    ({"type": "device_lost", "device": "camera", "reason": "r" * 500}, DeviceLost("camera", "r" * 200)),
    ({"type": "narrate", "on": True}, NarrationSwitched(True)),
    ({"type": "acknowledge", "on": False}, AcknowledgementSwitched(False)),
    ({"type": "detail", "always": True}, PictureDetailChosen("always")),
    ({"type": "adapter", "name": "law"}, AdapterChosen("law")),
    ({"type": "unwatch", "number": 2}, WatchDeleted(2)),
    ({"type": "language", "language": "zh"}, LanguageChosen("zh")),
    ({"type": "translate", "mode": "table"}, TranslationSwitched("table")),
    ({"type": "translate", "mode": "captions", "language": "es"}, TranslationSwitched("captions", "es")),
    ({"type": "voice", "voice": "zm_yunxi"}, SpeakerChosen("zm_yunxi")),
    ({"type": "ping", "t": 12.5}, PingReceived(12.5)),
    ({"type": "ping", "t": None}, PingReceived(None)),
    ({"type": "bye"}, LeaveReceived()),
    ({"type": "bye", "reason": "reload"}, LeaveReceived()),
]

WRONG: list[tuple[object, str]] = [
    (b'{"type": "interrupt"}', "binary"),
    ("", "not JSON"),
    ("interrupt", "not JSON"),
    ("[" * 100_000, "not JSON"),
    ('{"type": "playout", "delay_ms": NaN}', "not JSON"),
    ('{"type": "ping", "t": ' + "9" * 5000 + "}", "not JSON"),
    ('{"type": "say", "text": "' + "x" * 250_000 + '"}', "at most 250000 characters"),
    ("null", "not null"),
    ('["say"]', "not a list"),
    ("{}", "type null is unknown"),
    ('{"type": 7}', "type 7 is unknown"),
    ('{"type": ["say"]}', "type a list is unknown"),
    ('{"type": "' + "dance" * 20 + '"}', "is unknown"),
    ('{"type": "state", "state": "speaking"}', 'type "state" is unknown'),
    ('{"type": "say"}', "say needs the field text"),
    ('{"type": "say", "text": 7}', "say.text must be text, not 7"),
    ('{"type": "say", "text": " \\n "}', "The message is empty"),
    ('{"type": "say", "text": "\\ud800"}', "half a character"),
    ('{"type": "say", "text": "hi", "turn": 1}', 'no field "turn"'),
    ('{"type": "talk", "down": 1}', "talk.down must be true or false, not 1"),
    ('{"type": "switch"}', "needs one of"),
    ('{"type": "switch", "camera": null}', "true or false, not null"),
    ('{"type": "playout", "delay_ms": true}', "a number, not true"),
    ('{"type": "playout", "delay_ms": -1}', "between 0 and 60000"),
    ('{"type": "playout", "delay_ms": 1e999}', "between 0 and 60000"),
    ('{"type": "device_lost", "device": "nose", "reason": ""}', "one of microphone, camera"),
    ('{"type": "unwatch", "number": 0}', "between 1 and"),
    ('{"type": "language", "language": "xx"}', "one of auto, en"),
    ('{"type": "voice", "voice": "../passwd"}', "one of /voices"),
    ('{"type": "unwatch", "number": 1.5}', "a whole number"),
    ('{"type": "ping"}', "needs the field t"),
    ('{"type": "ping", "t": {"a": 1}}', "not an object"),
    ('{"type": "ping", "t": 1e999}', "a number or a text"),
]


@pytest.mark.parametrize(("event", "message"), EXPRESSED_AS, ids=lambda value: type(value).__name__)
def test_every_event_becomes_its_message(event: Expressed, message: dict[str, object]) -> None:
    assert to_wire(event) == message
    assert json.loads(encoded(to_wire(event))) == message


def test_every_event_is_in_the_table() -> None:
    assert {type(event) for event, _ in EXPRESSED_AS} == set(get_args(Expressed))
    assert {message["type"] for message, _ in SAID} == set(READERS)


@pytest.mark.parametrize(("message", "event"), SAID, ids=lambda value: type(value).__name__)
def test_every_message_becomes_its_event(message: dict[str, object], event: FromPage) -> None:
    assert from_wire(json.dumps(message)) == event


@pytest.mark.parametrize(("text", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_malformed_messages_are_reported(text: str | bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=re.escape(reason)) as raised:
        from_wire(text)
    answer = bad_message(raised.value)
    assert (answer["type"], answer["code"]) == ("notice", "bad_message")
    assert len(encoded(answer)) < 300


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_text_raises_only_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        from_wire(text)


@given(
    st.sampled_from(sorted(READERS)), st.dictionaries(st.text(), st.none() | st.booleans() | st.floats() | st.text())
)
def test_known_types_with_any_fields_raise_only_bad_input(kind: str, fields: dict[str, object]) -> None:
    try:
        from_wire(json.dumps({**fields, "type": kind}))
    except BadInput as raised:
        assert encoded(bad_message(raised))


def test_hello_and_pong() -> None:
    assert hello("abc", "laptop", "1.0", {"transcript": 0.45}) == {
        "shows": {"picture": 40_000_000, "file": 200_000_000},
        "type": "hello",
        "session": "abc",
        "setup": "laptop",
        "version": "1.0",
        "budget": {"transcript": 450.0},
    }
    assert pong(PingReceived("x")) == {"type": "pong", "t": "x"}


def test_the_document_and_the_code_name_the_same_messages() -> None:
    server, page = DOCUMENT.split("## Page to server")
    named = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
    reported = {str(message["type"]) for _, message in EXPRESSED_AS} | {"hello", "pong"}
    assert set(named.findall(server.split("## Server to page")[1])) - {"type"} == reported
    assert set(named.findall(page)) - {"type"} == set(READERS)
