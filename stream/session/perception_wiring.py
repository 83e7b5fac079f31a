"""Builds the parts of a session that perceive: hearing, transcripts, estimates of turn ends, pictures, captions."""

from __future__ import annotations

from audio.room.talker import Talker
from dialogue.engine import Engine, SemanticTurnJudge
from stream.languages.spoken_language import SpokenLanguage
from stream.models.parts import Parts
from stream.models.setup import CaptionerSettings, Setup
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.audio_perception import AudioPerception
from stream.perception.caption_transcriber import CaptionTranscriber
from stream.perception.captioning import Captioning
from stream.perception.echo_cancellation import EchoCancellation
from stream.perception.known_talker import KnownTalker
from stream.perception.picture_budget import picture_budget
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.perception.turn_detection import TurnDetection, WordsJudge
from stream.perception.turn_end_model import turn_end_model
from stream.perception.units.overhearing import Overhearing
from stream.perception.units.unit_feed import UnitFeed
from stream.perception.video_perception import VideoPerception
from stream.playout.own_words import OwnWords
from stream.playout.played_sound import PlayedSound
from stream.replies.interpreter import Interpreter
from stream.replies.orders import Order, SceneChanged
from stream.replies.watch_news import WatchNews
from stream.runtime.clock import SoundClock
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue
from stream.session.floor import Floor
from stream.showing.long_documents import LongDocuments
from stream.showing.shown_book import ShownBook
from stream.turns.duplex_turns import DuplexTurns
from stream.turns.overlap import DECIDE_S, LONGEST_BACKCHANNEL_S
from stream.turns.patience import Patience
from stream.turns.turns import Turns


def captioning(parts: Parts, engine: Engine, setup: Setup, link: Link) -> Captioning | None:
    """For an engine that cannot see, where there is a model that describes pictures."""
    if parts.captioner is None or engine.can.sees:
        return None
    every_s = setup.captioner.every_s if setup.captioner is not None else CaptionerSettings.every_s
    return Captioning(captioner=parts.captioner, thread=parts.threads.captioner, every_s=every_s, link=link)


def video_perception(
    parts: Parts,
    engine: Engine,
    captioning: Captioning | None,
    orders: BlockingQueue[Order],
    setup: Setup,
    link: Link,
    news: WatchNews,
) -> VideoPerception:
    return VideoPerception(
        vision_models=parts.vision_models,
        thread=parts.threads.vision,
        settings=setup.vision,
        link=link,
        captioning=captioning,
        pictures=picture_budget(engine),
        on_look=lambda: orders.put(SceneChanged()),
        watcher=news,
    )


def caption_transcriber(language: SpokenLanguage | None, engine: Engine, link: Link) -> CaptionTranscriber | None:
    """For an engine that hears, where there is a transcriber."""
    return (
        CaptionTranscriber(hear=language.hear, engine=engine, link=link)
        if language is not None and engine.can.hears
        else None
    )


def overhearing(
    language: SpokenLanguage | None, feed: UnitFeed, engine: Engine, video: VideoPerception
) -> Overhearing | None:
    """For an engine that hears and sees, where there is a transcriber."""
    if language is None or not (engine.can.hears and engine.can.sees):
        return None
    return Overhearing(hear=language.hear, feed=feed, video=video)


def spoken_language(parts: Parts, setup: Setup, link: Link) -> SpokenLanguage | None:
    """Where there is a transcriber: for an engine that hears, captions and the voice are in the language."""
    if parts.transcriber is None:
        return None
    return SpokenLanguage(
        english=parts.transcriber, thread=parts.threads.asr, models=parts.languages, link=link, fixed=setup.language
    )


def known_talker(parts: Parts, interpreter: Interpreter | None, link: Link) -> KnownTalker | None:
    """Where there is a model that describes voices. While two people are translated, every voice counts."""
    if parts.voices is None:
        return None
    return KnownTalker(
        talker=Talker(parts.voices),
        thread=parts.threads.turn_end,
        link=link,
        listens_to_all=lambda: interpreter is not None and interpreter.mode != "off",
    )


def transcripts(
    language: SpokenLanguage | None,
    engine: Engine,
    sound: AudioBuffer,
    clock: SoundClock,
    own_words: OwnWords,
    talker: KnownTalker | None,
) -> SpeechTranscripts | None:
    """For an engine that does not hear. Words of our own, from the loudspeaker, are no transcript."""
    if language is None or engine.can.hears:
        return None

    def is_ours(words: str, start_s: float) -> bool:
        return own_words.has(words, clock.at(start_s))

    return SpeechTranscripts(hear=language.hear, sound=sound, is_ours=is_ours, talker=talker)


def turns(engine: Engine, setup: Setup) -> Turns:
    """For an engine that decides itself when to speak, and for one that takes turns."""
    if engine.can.duplex:
        return DuplexTurns()
    fitted = turn_end_model()
    patience = Patience(
        silence_s=setup.turns.hangover_s,
        pause_s=fitted.pause_s,
        threshold=fitted.threshold,
        typical_pause_s=fitted.typical_pause_s,
    )
    return Turns(patience, DECIDE_S if engine.can.hears else LONGEST_BACKCHANNEL_S)


def _turn_detection(parts: Parts, sound: AudioBuffer, transcripts: SpeechTranscripts | None) -> TurnDetection | None:
    """Where there is a model that hears the end of a turn; with the words where a model judges them."""
    if parts.turn_end is None:
        return None
    words = None
    if transcripts is not None and isinstance(parts.new_engine, SemanticTurnJudge):
        # After the transcript the ASR thread is free; the LLM's may be in a prefill.
        thread = parts.threads.asr if parts.new_engine.judges_apart else parts.threads.llm
        words = WordsJudge(parts.new_engine, thread, transcripts)
    return TurnDetection(judge=parts.turn_end, thread=parts.threads.turn_end, sound=sound, words=words)


def audio_perception(
    parts: Parts, transcripts: SpeechTranscripts | None, floor: Floor, setup: Setup, link: Link, played: PlayedSound
) -> AudioPerception:
    canceller = parts.new_echo_canceller
    return AudioPerception(
        voice_activity=parts.voice_activity,
        sound=floor.sound,
        sound_clock=floor.sound_clock,
        transcripts=transcripts,
        turn_detection=_turn_detection(parts, floor.sound, transcripts),
        floor=floor,
        settings=setup.turns,
        link=link,
        echo=EchoCancellation(canceller(), played) if canceller is not None else None,
    )


def shown_book(engine: Engine, video: VideoPerception, link: Link, documents: LongDocuments | None) -> ShownBook:
    return ShownBook(
        rules=not engine.can.sees,
        camera=lambda: video.camera,
        now=link.now,
        page=lambda: video.page,
        documents=documents,
    )
