"""Builds the stages of one session and connects them. Everything is passed to constructors; nothing is set later.

Two things are made first because both sides need them: the queue of orders (written by the floor and by video
perception, read by the reply stage) and the signal of playback progress (set by the thread that pulls sound).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from audio.chunk import Samples
from dialogue.engine import Adapts, AnswersUnasked, Engine, SpeaksTo, UnitEngine
from dialogue.tools.toolbox import TakesTools, Toolbox
from stream.languages.spoken_language import SpokenLanguage, code_spoken
from stream.models.parts import Parts, off_the_loop
from stream.models.setup import Setup
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.audio_perception import AudioPerception
from stream.perception.caption_transcriber import CaptionTranscriber
from stream.perception.closer_look import CloserLook
from stream.perception.units.overhearing import Overhearing
from stream.perception.units.unit_feed import UnitFeed
from stream.perception.units.unit_prefill import UnitPrefill
from stream.playout.own_words import OwnWords
from stream.playout.playback import Playback
from stream.playout.played_sound import PlayedSound
from stream.playout.speech_synthesis import SpeechSynthesis
from stream.recording.call_recording import RecordingRequest
from stream.recording.flight_recorder import FlightRecorder
from stream.recording.recorded_call import about_turns
from stream.replies.acknowledgements import acknowledgements
from stream.replies.delegation_desk import DelegationDesk
from stream.replies.far_duplex import FarDuplex
from stream.replies.full_duplex import FullDuplex
from stream.replies.orders import Order, ThingShown, order_queue
from stream.replies.reminder_book import ReminderBook
from stream.replies.reply_controller import ReplyController
from stream.replies.reply_dependencies import ReplyDependencies
from stream.replies.tool_runs import ToolRuns, show_drawn
from stream.replies.watch_book import WatchBook
from stream.replies.watch_news import WatchNews
from stream.runtime.clock import SoundClock
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue
from stream.runtime.thread_signal import ThreadSignal
from stream.session import perception_wiring as perceiving
from stream.session.delegation_stage import delegation_stage
from stream.session.floor import Floor
from stream.session.paced_playout import PacedPlayout
from stream.session.remembering import opened_remembering
from stream.session.reminder_stage import ReminderStage
from stream.session.session_controls import SessionControls
from stream.session.stages import Stages
from stream.session.translation_stage import language_and_translation
from stream.session.watch_stage import WatchStage
from stream.showing.long_documents import LongDocuments, long_documents
from stream.showing.showing_stage import ShowingStage
from stream.turns.duplex_turns import DuplexTurns


def build_stages(*, parts: Parts, setup: Setup, link: Link, out_rate: int, record: RecordingRequest | None) -> Stages:
    """Builds all stages of one session, on a running event loop. `out_rate` in Hz, of the sound in `playback`."""
    engine, sound = _engine(parts, setup), AudioBuffer()
    link = Link(link.now, (flight := _flight_recorder(engine, setup, link, record)).express)
    orders, moved, played = order_queue(), ThreadSignal(), PlayedSound(out_rate, link.now)
    playback = Playback(out_rate, on_moved=moved.set, on_pulled=_both(played, flight, out_rate))
    news = WatchNews(link, possible=parts.vision_models is not None and not engine.can.duplex)
    captioning = perceiving.captioning(parts, engine, setup, link)
    video = perceiving.video_perception(parts, engine, captioning, orders, setup, link, news)
    language, translation = language_and_translation(parts, engine, setup, flight, link)
    interpreter = translation.interpreter if translation is not None else None
    own, talker = OwnWords(playback, played), perceiving.known_talker(parts, interpreter, link)
    feed = UnitFeed(sound, video, always=engine.can.duplex, unit_s=engine.can.unit_s)
    overhearing = perceiving.overhearing(language, feed, engine, video)
    unit_prefill = _unit_prefill(parts, engine, feed, flight.sound_clock, link, overhearing)
    needed = ReplyDependencies(
        engine=engine,
        transcripts=perceiving.transcripts(language, engine, sound, flight.sound_clock, own, talker),
        sound_clock=flight.sound_clock,
        speech=(speech := _speech(parts, language, out_rate)),
        video=video,
        playback=playback,
        link=link,
        shown=perceiving.shown_book(engine, video, link, documents := long_documents(parts, engine)),
        unit_prefill=unit_prefill,
        reminders=ReminderBook(link.now) if isinstance(engine, TakesTools) else None,
        desk=DelegationDesk() if parts.delegate is not None and isinstance(engine, TakesTools) else None,
        watches=news.book,
        language=language,
        interpreter=interpreter,
        acknowledgements=acknowledgements(engine, speech, language, setup.turns.acknowledges),
    )
    replies = _reply_stage(orders, needed, flight, sound)
    writes = perceiving.caption_transcriber(language, engine, link)
    floor = _floor(orders, needed, flight, sound, writes, overhearing)
    audio = perceiving.audio_perception(parts, needed.transcripts, floor, setup, link, played)
    return Stages(
        engine=engine,
        flight=flight,
        playback=playback,
        audio=audio,
        video=video,
        replies=replies,
        controls=_controls(parts, orders, floor, audio, needed, replies, news.book),
        playout=PacedPlayout(
            playback=playback, moved=moved, floor=floor, replies=replies, budget_s=setup.budget_s, link=link
        ),
        captioning=captioning,
        caption_transcriber=writes,
        overhearing=overhearing,
        reminders=ReminderStage(book=book, floor=floor) if (book := needed.reminders) is not None else None,
        unit_feed=unit_prefill.feed if unit_prefill is not None else None,
        remembering=opened_remembering(engine, setup, link),
        delegation=delegation_stage(parts, needed, floor),
        watching=_watching(news, floor, link, language),
        showing=_showing(parts, needed, orders, documents),
        translation=translation,
    )


def _watching(news: WatchNews, floor: Floor, link: Link, language: SpokenLanguage | None) -> WatchStage | None:
    """Where the models tell what is in view."""
    if not news.book.possible:
        return None
    return WatchStage(news=news, floor=floor, link=link, language=lambda: code_spoken(language))


def _floor(
    orders: BlockingQueue[Order],
    needed: ReplyDependencies,
    flight: FlightRecorder,
    sound: AudioBuffer,
    caption_transcriber: CaptionTranscriber | None,
    overhearing: Overhearing | None,
) -> Floor:
    return Floor(
        orders=orders,
        playback=needed.playback,
        video=needed.video,
        link=needed.link,
        sound=sound,
        flight=flight,
        unit_feed=needed.unit_prefill.feed if needed.unit_prefill is not None else None,
        caption_transcriber=caption_transcriber,
        overhearing=overhearing,
    )


def _showing(
    parts: Parts, needed: ReplyDependencies, orders: BlockingQueue[Order], documents: LongDocuments | None
) -> ShowingStage:
    return ShowingStage(
        parts=parts,
        can=needed.engine.can,
        book=needed.shown,
        link=needed.link,
        fed=lambda: orders.put(ThingShown()),
        documents=documents,
    )


def _both(played: PlayedSound, flight: FlightRecorder, rate: int) -> Callable[[Samples], None]:
    """Takes sound that goes out for both."""

    def take(samples: Samples) -> None:
        played.put(samples)
        flight.pulled(samples, rate)

    return take


def _speech(parts: Parts, language: SpokenLanguage | None, out_rate: int) -> SpeechSynthesis:
    """The voice of a phrase is that of its language."""
    voice_of = None if language is None else lambda phrase, code: language.voice_of(phrase, parts.voice, code)
    return SpeechSynthesis(voice=parts.voice, thread=parts.threads.voice, out_rate=out_rate, voice_of=voice_of)


def _unit_prefill(
    parts: Parts, engine: Engine, feed: UnitFeed, clock: SoundClock, link: Link, overhearing: Overhearing | None
) -> UnitPrefill | None:
    """For an engine that hears."""
    if not engine.can.hears:
        return None
    return UnitPrefill(
        engine=cast(UnitEngine, engine), slots=parts.slots, feed=feed, clock=clock, link=link, overhearing=overhearing
    )


def _reply_stage(
    orders: BlockingQueue[Order], dependencies: ReplyDependencies, flight: FlightRecorder, sound: AudioBuffer
) -> ReplyController | FullDuplex:
    """FullDuplex for an engine that decides when to speak (FarDuplex: elsewhere), ReplyController for one that takes
    turns."""
    unit_prefill, turns = dependencies.unit_prefill, flight.turns
    if unit_prefill is None or not isinstance(turns, DuplexTurns):
        return ReplyController(orders=orders, dependencies=dependencies)
    stage = FarDuplex if isinstance(dependencies.engine, AnswersUnasked) else FullDuplex
    return stage(
        orders=orders,
        unit_prefill=unit_prefill,
        turns=turns,
        take=flight.take,
        sound=sound,
        speech=dependencies.speech,
        playback=dependencies.playback,
        shown=dependencies.shown,
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
        language=dependencies.language,
        interpreter=dependencies.interpreter,
        acknowledgements=dependencies.acknowledgements,
        adapters=dependencies.engine.adapters if isinstance(dependencies.engine, Adapts) else None,
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
        look_closer = CloserLook(
            vision_models=parts.vision_models, thread=parts.threads.vision, watching=dependencies.video
        )
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
            show=partial(show_drawn, dependencies.link),
        )
    )


def _flight_recorder(engine: Engine, setup: Setup, link: Link, recording: RecordingRequest | None) -> FlightRecorder:
    turns = perceiving.turns(engine, setup)
    about = {"setup": setup.name, **about_turns(turns)}
    recorded = recording.begin(about) if recording is not None else None
    return FlightRecorder(turns=turns, sound_clock=SoundClock(), link=link, recording=recorded)


def _engine(parts: Parts, setup: Setup) -> Engine:
    """The session's engine, with its instruction in the language that the user chose, where it has one."""
    engine = parts.new_engine()
    if isinstance(engine, SpeaksTo):
        engine.speak_to(setup.language)
    return engine
