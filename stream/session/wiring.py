"""Builds the stages of one session and connects them. Everything is passed to constructors; nothing is set later.

Two things are made first because both sides need them: the queue of orders (written by the floor and by video
perception, read by the reply stage) and the signal of playback progress (set by the thread that pulls sound).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, cast

from audio.chunk import Samples
from dialogue.engine import Engine, UnitEngine
from dialogue.memory.event_log import Remembers
from dialogue.tools.toolbox import TakesTools, Toolbox
from stream.languages.spoken_language import SpokenLanguage
from stream.models.parts import Parts, off_the_loop
from stream.models.setup import Setup
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.audio_perception import AudioPerception
from stream.perception.caption_transcriber import CaptionTranscriber
from stream.perception.captioning import Captioning
from stream.perception.closer_look import CloserLook
from stream.perception.turn_end_model import turn_end_model
from stream.perception.unit_feed import UnitFeed
from stream.perception.unit_prefill import UnitPrefill
from stream.perception.unit_queue import UnitsLost
from stream.perception.video_perception import VideoPerception
from stream.playout.own_words import OwnWords
from stream.playout.playback import Playback
from stream.playout.played_sound import PlayedSound
from stream.playout.speech_synthesis import SpeechSynthesis
from stream.recording.flight_recorder import FlightRecorder
from stream.replies.delegation_desk import DelegationDesk
from stream.replies.full_duplex import FullDuplex
from stream.replies.orders import Order, order_queue
from stream.replies.reminder_book import ReminderBook
from stream.replies.reply import ReplyDependencies
from stream.replies.reply_controller import ReplyController
from stream.replies.tool_runs import ToolRuns
from stream.replies.watch_book import WatchBook
from stream.replies.watch_news import WatchNews
from stream.runtime.clock import SoundClock
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue
from stream.runtime.thread_signal import ThreadSignal
from stream.session import perception_wiring as perceiving
from stream.session.delegation_stage import DelegationStage, delegation_stage
from stream.session.floor import Floor
from stream.session.paced_playout import PacedPlayout
from stream.session.remembering import Remembering
from stream.session.reminder_stage import ReminderStage
from stream.session.session_controls import SessionControls
from stream.session.watch_stage import WatchStage
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.patience import Patience
from stream.turns.turns import Turns


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The stages of one session. A stage that the engine or the setup does not need is None."""

    engine: Engine
    flight: FlightRecorder
    playback: Playback
    audio: AudioPerception
    video: VideoPerception
    replies: ReplyController | FullDuplex
    controls: SessionControls
    playout: PacedPlayout
    captioning: Captioning | None
    caption_transcriber: CaptionTranscriber | None
    reminders: ReminderStage | None
    unit_feed: UnitFeed | None
    remembering: Remembering | None
    delegation: DelegationStage | None
    watching: WatchStage | None

    def work(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs while the session lasts: (name of the task, coroutine)."""
        yield "audio", self.audio.run()
        yield "video", self.video.run()
        yield "replies", self.replies.run()
        yield "controls", self.controls.run()
        yield "playout", self.playout.run()
        yield "commentary", self.controls.commentary.run()
        if self.captioning is not None:
            yield "captioning", self.captioning.run()
        if self.caption_transcriber is not None:
            yield "caption-transcriber", self.caption_transcriber.run()
        if self.reminders is not None:
            yield "reminders", self.reminders.run()
        if self.remembering is not None:
            yield "remembering", self.remembering.run()
        if self.delegation is not None:
            yield "delegation", self.delegation.run()
        if self.watching is not None:
            yield "watching", self.watching.run()

    def close_queues(self) -> None:
        """What is put into the input queues from now on is dropped."""
        for queue in (self.audio.queue, self.video.queue, self.controls.queue):
            queue.close()

    @property
    def dropped(self) -> dict[str, int]:
        """Items lost by queues so far: units and pictures that an engine did not get, sound chunks, camera frames,
        utterances that were not transcribed."""
        lost = self.unit_feed.queue.lost if self.unit_feed is not None else UnitsLost()
        return {
            "units": lost.units,
            "unit_pictures": lost.pictures,
            "sound": self.audio.queue.dropped,
            "pictures": self.video.queue.dropped,
            "utterances": self.caption_transcriber.queue.dropped if self.caption_transcriber is not None else 0,
        }


def build_stages(*, parts: Parts, setup: Setup, link: Link, out_rate: int) -> Stages:
    """Builds all stages of one session, on a running event loop. `out_rate` in Hz, of the sound in `playback`."""
    engine, sound, sound_clock = parts.new_engine(), AudioBuffer(), SoundClock()
    flight = FlightRecorder(_turns(engine, setup), sound_clock, link)
    link = Link(link.now, flight.express)
    orders, playback_moved = order_queue(), ThreadSignal()
    played = PlayedSound(out_rate, link.now)
    playback = Playback(out_rate, on_moved=playback_moved.set, on_pulled=_both(played, flight, out_rate))
    news = WatchNews(WatchBook(link, possible=parts.vision_models is not None and not engine.can.duplex))
    captioning = perceiving.captioning(parts, engine, setup, link)
    video = perceiving.video_perception(parts, engine, captioning, orders, setup, link, news)
    unit_prefill = _unit_prefill(parts, engine, UnitFeed(sound, video, always=engine.can.duplex), sound_clock, link)
    unit_feed = unit_prefill.feed if unit_prefill is not None else None
    language = perceiving.spoken_language(parts, engine, setup, link)
    transcripts = perceiving.transcripts(language, sound, sound_clock, OwnWords(playback, played))
    dependencies = ReplyDependencies(
        engine=engine,
        transcripts=transcripts,
        sound_clock=sound_clock,
        speech=_speech(parts, language, out_rate),
        video=video,
        playback=playback,
        link=link,
        unit_prefill=unit_prefill,
        reminders=ReminderBook(link.now) if isinstance(engine, TakesTools) else None,
        desk=DelegationDesk() if parts.delegate is not None and isinstance(engine, TakesTools) else None,
        watches=news.book,
        language=language,
    )
    replies = _reply_stage(orders, dependencies, flight, sound)
    caption_transcriber = perceiving.caption_transcriber(parts, engine, link)
    floor = Floor(
        orders=orders,
        playback=playback,
        video=video,
        link=link,
        sound=sound,
        flight=flight,
        unit_feed=unit_feed,
        caption_transcriber=caption_transcriber,
    )
    audio = perceiving.audio_perception(parts, transcripts, floor, setup, link, played)
    controls = _controls(parts, orders, floor, audio, dependencies, replies, news.book)
    return Stages(
        engine=engine,
        flight=flight,
        playback=playback,
        audio=audio,
        video=video,
        replies=replies,
        controls=controls,
        playout=PacedPlayout(playback, playback_moved, floor, replies, setup.budget_s, link),
        captioning=captioning,
        caption_transcriber=caption_transcriber,
        reminders=ReminderStage(book=book, floor=floor) if (book := dependencies.reminders) is not None else None,
        unit_feed=unit_feed,
        remembering=_remembering(engine, setup, link),
        delegation=delegation_stage(parts, dependencies, floor),
        watching=WatchStage(news=news, floor=floor, link=link) if news.book.possible else None,
    )


def _both(played: PlayedSound, flight: FlightRecorder, rate: int) -> Callable[[Samples], None]:
    """Takes sound that goes out for both."""

    def take(samples: Samples) -> None:
        played.put(samples)
        flight.pulled(samples, rate)

    return take


def _remembering(engine: Engine, setup: Setup, link: Link) -> Remembering | None:
    """Where calls are remembered and the engine has a log of words."""
    if setup.remember is None or not isinstance(engine, Remembers):
        return None
    remembering = Remembering(setup.remember, link)
    engine.remember(remembering.log)
    return remembering


def _speech(parts: Parts, language: SpokenLanguage | None, out_rate: int) -> SpeechSynthesis:
    """The voice of a phrase is that of its language."""
    voice_of = None if language is None else lambda phrase: language.voice_of(phrase, parts.voice)
    return SpeechSynthesis(parts.voice, parts.threads.voice, out_rate, voice_of)


def _unit_prefill(parts: Parts, engine: Engine, feed: UnitFeed, clock: SoundClock, link: Link) -> UnitPrefill | None:
    """For an engine that hears."""
    if parts.slots is None or not engine.can.hears:
        return None
    return UnitPrefill(engine=cast(UnitEngine, engine), slots=parts.slots, feed=feed, clock=clock, link=link)


def _reply_stage(
    orders: BlockingQueue[Order], dependencies: ReplyDependencies, flight: FlightRecorder, sound: AudioBuffer
) -> ReplyController | FullDuplex:
    """FullDuplex for an engine that decides every second when to speak; ReplyController for one that takes turns."""
    unit_prefill, turns = dependencies.unit_prefill, flight.turns
    if unit_prefill is None or not isinstance(turns, DuplexTurns):
        return ReplyController(orders=orders, dependencies=dependencies)
    return FullDuplex(
        orders=orders,
        unit_prefill=unit_prefill,
        turns=turns,
        take=flight.take,
        sound=sound,
        speech=dependencies.speech,
        playback=dependencies.playback,
    )


def _controls(
    parts: Parts,
    orders: BlockingQueue[Order],
    floor: Floor,
    audio: AudioPerception,
    dependencies: ReplyDependencies,
    replies: ReplyController | FullDuplex,
    watches: WatchBook,
) -> SessionControls:
    """The controls, with which the session's tools can switch devices off."""
    controls = SessionControls(
        orders=orders,
        floor=floor,
        audio=audio,
        video=dependencies.video,
        link=dependencies.link,
        watches=watches,
        desk=dependencies.desk,
    )
    _equip(parts, dependencies, replies, controls)
    return controls


def _equip(
    parts: Parts, dependencies: ReplyDependencies, replies: ReplyController | FullDuplex, controls: SessionControls
) -> None:
    """Gives the session's tools to an engine that takes tools."""
    engine, look_closer, watches = dependencies.engine, None, dependencies.watches
    if not isinstance(engine, TakesTools):
        return
    if parts.vision_models is not None:
        look_closer = CloserLook(parts.vision_models, parts.threads.vision, dependencies.video)
    engine.equip(
        Toolbox(
            reminders=dependencies.reminders,
            look_closer=look_closer,
            watches=watches if watches is not None and watches.possible else None,
            switch_off=controls.switch_off,
            delegation=dependencies.desk,
            search_library=parts.library.search if parts.library is not None else None,
            user_tools=parts.tools,
            committed=replies.decided if isinstance(replies, ReplyController) else None,
            in_background=ToolRuns(replies) if isinstance(replies, ReplyController) else off_the_loop,
        )
    )


def _turns(engine: Engine, setup: Setup) -> Turns:
    if engine.can.duplex:
        return DuplexTurns()
    fitted = turn_end_model()
    return Turns(Patience(setup.hangover_s, fitted.pause_s, fitted.threshold, fitted.typical_pause_s))
