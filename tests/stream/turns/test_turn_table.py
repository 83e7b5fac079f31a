"""Every row of the table of turn-taking: what each event decides in each phase. Absent pairs decide nothing.

Times are seconds of the microphone's sound; in every phase the user began to speak at 1 and stopped at 2.
"""

from __future__ import annotations

from typing import Any, get_args

import pytest

from audio.segmentation import SpeechPaused, SpeechStarted
from audio.voice_activity import SpeechProbability
from stream.turns.decisions import (
    Announcement,
    Answer,
    Begin,
    Decision,
    Drop,
    Duck,
    Finish,
    Prepare,
    Restore,
    Retract,
    SpokenQuestion,
    TypedQuestion,
    UserDone,
    Yield,
)
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.events import (
    AnnouncementDue,
    EngineSpoke,
    HandsFreeSwitched,
    InterruptPressed,
    MessageTyped,
    MicrophoneOff,
    OverlapTranscribed,
    ReplyHeardOut,
    ReplySounded,
    TalkKeyMoved,
    TurnEndEstimated,
    TurnEvent,
)
from stream.turns.turns import Phase, Turns

TYPED = TypedQuestion("What time is it?", 9.0)
ANNOUNCED = Announcement("The tea is ready.", 9.0, lambda _heard: None)
ENGINE_SPEAKS, SPEECH = EngineSpoke(2.5), SpeechStarted(9.0, 8.9)
EVENTS: dict[type[Any], TurnEvent] = {
    SpeechStarted: SPEECH,
    SpeechPaused: SpeechPaused(2.1, 2.0, 1.0),
    SpeechProbability: SpeechProbability(9.0, 0.0),
    TurnEndEstimated: TurnEndEstimated(2.0, 1.0, 2.3),
    OverlapTranscribed: OverlapTranscribed(4.9, backchannel=False),  # of too little speech
    TalkKeyMoved: TalkKeyMoved(True, 9.0),
    MessageTyped: MessageTyped(TYPED),
    AnnouncementDue: AnnouncementDue(ANNOUNCED),
    InterruptPressed: InterruptPressed(),
    HandsFreeSwitched: HandsFreeSwitched(False),
    MicrophoneOff: MicrophoneOff(),
    ReplySounded: ReplySounded(1),
    ReplyHeardOut: ReplyHeardOut(1),
    EngineSpoke: ENGINE_SPEAKS,
}
IDLE, SPEAKING, PAUSED, THINKING, REPLYING, CHALLENGED = Phase


def said(at: float) -> SpokenQuestion:
    return SpokenQuestion(1.0, 2.0, at)


# (event, phase): the decisions, and the phase that follows.
TABLE: dict[tuple[type[Any], Phase], tuple[list[Decision], Phase]] = {
    (SpeechStarted, IDLE): ([Begin(1, 8.9)], SPEAKING),
    (SpeechStarted, PAUSED): ([Retract(1)], SPEAKING),
    (SpeechStarted, THINKING): ([Retract(1)], SPEAKING),
    (SpeechStarted, REPLYING): ([Duck()], CHALLENGED),
    (SpeechPaused, SPEAKING): ([Prepare(1, said(2.1))], PAUSED),
    (SpeechProbability, PAUSED): ([Answer(1, said(9.0))], THINKING),
    (SpeechProbability, CHALLENGED): ([Restore()], REPLYING),
    (TurnEndEstimated, PAUSED): ([Answer(1, said(2.3))], THINKING),
    (AnnouncementDue, IDLE): ([Answer(1, ANNOUNCED)], THINKING),
    (InterruptPressed, THINKING): ([Yield(1)], IDLE),
    (InterruptPressed, REPLYING): ([Yield(1)], IDLE),
    (InterruptPressed, CHALLENGED): ([Yield(1)], IDLE),
    (MessageTyped, IDLE): ([Answer(1, TYPED)], THINKING),
    (MessageTyped, SPEAKING): ([Drop(1), Answer(2, TYPED)], THINKING),
    (MessageTyped, PAUSED): ([Drop(1), Answer(2, TYPED)], THINKING),
    (MessageTyped, THINKING): ([Yield(1), Answer(2, TYPED)], THINKING),
    (MessageTyped, REPLYING): ([Yield(1), Answer(2, TYPED)], THINKING),
    (MessageTyped, CHALLENGED): ([Yield(1), Answer(2, TYPED)], THINKING),
    (HandsFreeSwitched, SPEAKING): ([Drop(1)], IDLE),
    (HandsFreeSwitched, PAUSED): ([Drop(1)], IDLE),
    (HandsFreeSwitched, CHALLENGED): ([Restore()], REPLYING),
    (MicrophoneOff, SPEAKING): ([Drop(1)], IDLE),
    (MicrophoneOff, PAUSED): ([Drop(1)], IDLE),
    (MicrophoneOff, CHALLENGED): ([Restore()], REPLYING),
    (ReplySounded, THINKING): ([], REPLYING),
    (ReplyHeardOut, THINKING): ([Finish(1)], IDLE),
    (ReplyHeardOut, REPLYING): ([Finish(1)], IDLE),
    (ReplyHeardOut, CHALLENGED): ([Finish(1), Begin(2, 4.9)], SPEAKING),
}

DONE = UserDone(1, SpokenQuestion(1.0, 2.0, 2.0))
DUPLEX_TABLE: dict[tuple[type[Any], Phase], tuple[list[Decision], Phase]] = {
    (SpeechStarted, IDLE): ([Begin(1, 8.9)], SPEAKING),
    (SpeechStarted, PAUSED): ([], SPEAKING),
    (SpeechStarted, REPLYING): ([Duck()], CHALLENGED),
    (SpeechPaused, SPEAKING): ([], PAUSED),
    (SpeechProbability, PAUSED): ([DONE], IDLE),
    (SpeechProbability, CHALLENGED): ([Restore()], REPLYING),
    (TurnEndEstimated, PAUSED): ([DONE], IDLE),
    (InterruptPressed, REPLYING): ([Yield(1)], IDLE),
    (InterruptPressed, CHALLENGED): ([Yield(1)], IDLE),
    (MessageTyped, IDLE): ([Answer(1, TYPED)], IDLE),
    (MessageTyped, SPEAKING): ([UserDone(1, SpokenQuestion(1.0, 9.0, 9.0)), Answer(2, TYPED)], IDLE),
    (MessageTyped, PAUSED): ([UserDone(1, SpokenQuestion(1.0, 9.0, 9.0)), Answer(2, TYPED)], IDLE),
    (MessageTyped, REPLYING): ([Yield(1), Answer(2, TYPED)], IDLE),
    (MessageTyped, CHALLENGED): ([Yield(1), Answer(2, TYPED)], IDLE),
    (HandsFreeSwitched, SPEAKING): ([Drop(1)], IDLE),
    (HandsFreeSwitched, PAUSED): ([Drop(1)], IDLE),
    (HandsFreeSwitched, CHALLENGED): ([Restore()], REPLYING),
    (MicrophoneOff, SPEAKING): ([Drop(1)], IDLE),
    (MicrophoneOff, PAUSED): ([Drop(1)], IDLE),
    (MicrophoneOff, CHALLENGED): ([Restore()], REPLYING),
    (ReplyHeardOut, REPLYING): ([Finish(1)], IDLE),
    (ReplyHeardOut, CHALLENGED): ([Finish(1), Begin(2, 4.9)], SPEAKING),
    (EngineSpoke, IDLE): ([], REPLYING),
    (EngineSpoke, SPEAKING): ([Duck()], CHALLENGED),
    (EngineSpoke, PAUSED): ([Duck()], CHALLENGED),
}

SPOKEN: list[TurnEvent] = [SpeechStarted(1.1, 1.0), SpeechPaused(2.1, 2.0, 1.0), TurnEndEstimated(2.0, 1.0, 2.5)]
CHALLENGE: list[TurnEvent] = [SpeechProbability(5.0, 0.9), SpeechStarted(5.0, 4.9)]
WAYS: dict[Phase, list[TurnEvent]] = {
    IDLE: [],
    SPEAKING: SPOKEN[:1],
    PAUSED: SPOKEN[:2],
    THINKING: SPOKEN,
    REPLYING: [*SPOKEN, ReplySounded(1)],
    CHALLENGED: [*SPOKEN, ReplySounded(1), *CHALLENGE],
}
DUPLEX_WAYS = {
    **WAYS,
    REPLYING: [*SPOKEN, ENGINE_SPEAKS],
    CHALLENGED: [*SPOKEN, ENGINE_SPEAKS, *CHALLENGE],
}


def brought(turns: Turns, way: list[TurnEvent]) -> Turns:
    for event in way:
        turns.take(event)
    return turns


@pytest.mark.parametrize("kind", get_args(TurnEvent), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.name)
def test_a_row_of_the_table(kind: type[Any], phase: Phase) -> None:
    turns = brought(Turns(), WAYS[phase])
    assert turns.phase is phase
    assert (turns.take(EVENTS[kind]), turns.phase) == TABLE.get((kind, phase), ([], phase))


@pytest.mark.parametrize("kind", get_args(TurnEvent), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not THINKING], ids=lambda phase: phase.name)
def test_a_row_of_the_table_of_duplex_engines(kind: type[Any], phase: Phase) -> None:
    turns = brought(DuplexTurns(), DUPLEX_WAYS[phase])
    assert turns.phase is phase
    assert (turns.take(EVENTS[kind]), turns.phase) == DUPLEX_TABLE.get((kind, phase), ([], phase))


@pytest.mark.parametrize("phase", [IDLE, REPLYING], ids=lambda phase: phase.name)
@pytest.mark.parametrize("event", [SPEECH, EVENTS[SpeechPaused], EVENTS[SpeechProbability], EVENTS[TurnEndEstimated]])
def test_with_push_to_talk_sound_decides_nothing(phase: Phase, event: TurnEvent) -> None:
    turns = brought(Turns(), [*WAYS[phase], HandsFreeSwitched(False)])
    assert turns.take(event) == []
