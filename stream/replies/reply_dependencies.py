"""What the replies of a session are made with. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dialogue.engine import Engine
from stream.languages.spoken_language import SpokenLanguage
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.perception.units.unit_prefill import UnitPrefill
from stream.perception.video_perception import VideoPerception
from stream.playout.playback import Playback
from stream.playout.speech_synthesis import SpeechSynthesis
from stream.replies.acknowledgements import Acknowledgements
from stream.replies.delegation_desk import DelegationDesk
from stream.replies.drafted import Settled
from stream.replies.interpreter import Interpreter
from stream.replies.reading_aloud import ReadingAloud
from stream.replies.reminder_book import ReminderBook
from stream.replies.watch_book import WatchBook
from stream.runtime.clock import SoundClock
from stream.runtime.link import Link
from stream.showing.shown_book import ShownBook
from stream.turns.decisions import Question, SpokenQuestion


@dataclass(frozen=True)
class ReplyDependencies:
    """One per session."""

    engine: Engine
    transcripts: SpeechTranscripts | None  # None for an engine that hears
    sound_clock: SoundClock
    speech: SpeechSynthesis
    video: VideoPerception
    playback: Playback
    link: Link
    shown: ShownBook
    unit_prefill: UnitPrefill | None = None  # for an engine that hears
    reminders: ReminderBook | None = None  # for an engine that takes tools
    desk: DelegationDesk | None = None  # the same, where a larger model answers what it passes on
    watches: WatchBook | None = None  # for an engine that takes turns
    language: SpokenLanguage | None = None  # None: English alone
    interpreter: Interpreter | None = None  # the same
    acknowledgements: Acknowledgements | None = None  # for an engine that takes turns and does not speak

    @cached_property
    def reading(self) -> ReadingAloud:
        """For an engine that does not see."""
        return ReadingAloud(self.video)

    @property
    def settled(self) -> tuple[Settled, ...]:
        """What a reply changes in a draft."""
        return tuple(kept for kept in (self.reminders, self.watches, self.shown, self.interpreter) if kept is not None)

    def times(self, question: Question) -> tuple[float, float]:
        """(begin, end) of the question on the session clock."""
        if isinstance(question, SpokenQuestion):
            return self.sound_clock.at(question.began_at), self.sound_clock.at(question.stopped_at)
        return question.began_at, question.began_at
