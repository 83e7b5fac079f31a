"""Makes the reply of one turn, from the user's words to sound in the outgoing queue. Nothing shows before `commit`.

A reply may be prepared speculatively in a short pause. When the user goes on, its owner cancels its task, waits, and
rewinds the engine. Runs as one task; turn-taking is decided elsewhere.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from audio.phrases import PhraseSplitter
from audio.resample import Resampler
from dialogue.blocks import PictureBlock, TextBlock
from dialogue.engine import ConsentDelta, Engine, Listening, Mark, SoundDelta, TextDelta
from dialogue.errors import BadInput
from dialogue.rules.scene_questions import scene_question
from dialogue.rules.scene_reference import refers_to_scene
from dialogue.watching.watch_talk import watch_answer
from stream.languages.spoken_language import SpokenLanguage
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.perception.unit_prefill import UnitPrefill
from stream.perception.video_perception import VideoPerception
from stream.playout.playback import AudioPiece, Playback
from stream.playout.speech_synthesis import SpeechSynthesis
from stream.playout.speech_text_alignment import SpeechTextAlignment
from stream.replies.delegation_desk import DelegationDesk
from stream.replies.drafted import Settled
from stream.replies.reminder_book import ReminderBook
from stream.replies.unheard import Unheard
from stream.replies.watch_book import WatchBook
from stream.runtime.budget import TurnTiming
from stream.runtime.clock import SoundClock
from stream.runtime.events import ConsentAsked, Expressed, Notice, ReplyRecalled, ReplyText, UserCaption
from stream.runtime.link import Link
from stream.runtime.queues import BlockingQueue, QueueClosed
from stream.turns.decisions import Announcement, Question, SpokenQuestion, TypedQuestion
from vision.picture import Picture

# Sound synthesised ahead of playback: more would be discarded at the next interruption.
AHEAD_S = 12.0
# How long an answer waits for the scene update that was requested when the user began.
PATIENCE_SPOKEN_S = 0.15
PATIENCE_TYPED_S = 0.8
# How long the first phrase may be in the making before it is cut short.
PATIENCE_PHRASE_S = 0.15


@dataclass(frozen=True)
class ReplyDependencies:
    """What the replies of a session are made with."""

    engine: Engine
    transcripts: SpeechTranscripts | None  # None for an engine that hears
    sound_clock: SoundClock
    speech: SpeechSynthesis
    video: VideoPerception
    playback: Playback
    link: Link
    unit_prefill: UnitPrefill | None = None  # for an engine that hears
    reminders: ReminderBook | None = None  # for an engine that takes tools
    desk: DelegationDesk | None = None  # the same, where a larger model answers what it passes on
    watches: WatchBook | None = None  # for an engine that takes turns
    language: SpokenLanguage | None = None  # for an engine that does not hear

    @property
    def settled(self) -> tuple[Settled, ...]:
        """What a reply changes in a draft."""
        return tuple(kept for kept in (self.reminders, self.watches) if kept is not None)


class Reply:
    """The reply to one question. `run` is its task; the marks are the engine's states before question and reply."""

    def __init__(
        self,
        turn: int,
        question: Question,
        dependencies: ReplyDependencies,
        unheard: Unheard | None = None,
        shown: Picture | None = None,
    ) -> None:
        """`shown` is the picture that an engine that sees got last."""
        self.turn, self.question, self._deps, self._unheard = turn, question, dependencies, unheard
        self.shown = shown
        self.began_at, self.stopped_at = _session_times(question, dependencies.sound_clock)
        self.timing = TurnTiming(self.stopped_at, asked=not isinstance(question, Announcement))
        self.user_text = ""
        self.said = ""
        self.before_question: Mark | None = None
        self.before_reply: Mark | None = None
        self.committed = self.complete = False  # complete: all of its text is there
        self._decided = asyncio.Event()
        self._unshown: list[Expressed] = []
        self._phrases: BlockingQueue[str] = BlockingQueue(16)
        dependencies.playback.start(turn)

    async def run(self) -> None:
        """Raises what the engine raises. Cancelling takes effect within one token and one phrase."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._synthesise(), name=f"speech-{self.turn}")
            await self._generate()
            self.complete = True
            self._phrases.close()

    def commit(self) -> None:
        """The turn is decided: shows the text so far, opens playback, and lets through all that follows."""
        self.committed = True
        self._decided.set()
        self.timing.mark("turn_decided", self._deps.link.now())
        for event in self._unshown:
            self._deps.link.emit(event)
        self._unshown.clear()
        self._deps.playback.open(self.turn)

    async def decided(self) -> None:
        """Waits for `commit`."""
        await self._decided.wait()

    def _show(self, event: Expressed) -> None:
        if self.committed:
            self._deps.link.emit(event)
        else:
            self._unshown.append(event)

    async def _generate(self) -> None:
        match self.question, self._deps.unit_prefill:
            case Announcement(text), _:
                await self._announce(text)
                return
            case SpokenQuestion(until=until), UnitPrefill() as unit_prefill:
                rest = unit_prefill.feed.rest(until)
                self.before_question = await self._deps.engine.mark()
                await unit_prefill.take(rest)
            case _:
                await self._feed_question()
                if not self.user_text:
                    return
        self.before_reply = await self._deps.engine.mark()
        unheard = self._unheard.continuation(self.user_text, self.began_at) if self._unheard is not None else None
        known = unheard if unheard is not None else self._about_watching() or self._blind()
        if known is not None:
            await self._say(known)
        else:
            await self._stream_reply()

    def _about_watching(self) -> str | None:
        """The answer to words about watching and describing; what they ask is done."""
        watches = self._deps.watches
        return watch_answer(self.user_text, watches, self._deps.video.scene) if watches is not None else None

    async def _announce(self, text: str) -> None:
        self.before_question = self.before_reply = await self._deps.engine.mark()
        await self._say(text)

    async def _say(self, text: str) -> None:
        self._write(text)
        splitter = PhraseSplitter()
        for phrase in [*splitter.push(text), *splitter.flush()]:
            await self._queue_phrase(phrase)

    async def _feed_question(self) -> None:
        """Feeds the question as text. `user_text` stays empty where the transcript has no words."""
        self.user_text, language = await self._words()
        self.timing.mark("transcript", self._deps.link.now())
        typed = isinstance(self.question, TypedQuestion)
        self._show(UserCaption(self.turn, self.user_text, final=True, typed=typed))
        if not self.user_text:
            return
        engine = self._deps.engine
        self.before_question = await engine.mark()
        await self._feed_scene()
        await engine.feed(TextBlock(self.user_text, self.began_at, self.stopped_at, typed, language))

    async def _words(self) -> tuple[str, str]:
        """The words and their language, "" where only they can tell."""
        match self.question:
            case TypedQuestion(text) | Announcement(text):
                if self._deps.language is not None:
                    self._deps.language.typed(text)
                return text, ""
            case SpokenQuestion() as said:
                assert self._deps.transcripts is not None, "An engine that cannot hear needs a transcriber."
                heard = await self._deps.transcripts.final(said)
                return heard.text, heard.language

    async def _feed_scene(self) -> None:
        video, engine = self._deps.video, self._deps.engine
        patience_s = PATIENCE_TYPED_S if isinstance(self.question, TypedQuestion) else PATIENCE_SPOKEN_S
        if not engine.can.sees:
            await engine.feed(await video.fresh(self.began_at, patience_s))
            return
        picture = await video.fresh_picture(patience_s)
        if picture is not None and await self._is_worth_showing(picture):
            await engine.feed(PictureBlock(picture.rgb, picture.at))
            self.shown = picture

    async def _is_worth_showing(self, picture: Picture) -> bool:
        """False where the engine has a picture of this view and the question is about something else."""
        in_context = self._deps.engine.context().tokens.get("picture")
        if self.shown is None or not in_context or refers_to_scene(self.user_text, ()):
            return True
        return not await self._deps.video.same_view(self.shown, picture)

    def _blind(self) -> str | None:
        """Why an engine that sees cannot answer this question about the scene: no model is asked about a dark picture
        or one from before."""
        blind = self._deps.video.blind if self._deps.engine.can.sees else ""
        about_scene = bool(blind) and scene_question(self.user_text) is not None
        return f"{blind} I can't see anything right now." if about_scene else None

    async def _stream_reply(self) -> None:
        """Streams the engine's reply: text to the caller and to speech synthesis, sound to playback."""
        splitter, alignment = PhraseSplitter(), SpeechTextAlignment()
        resampler: Resampler | None = None
        asked_at = self._deps.link.now()
        try:
            async with aclosing(self._deps.engine.reply()) as deltas:
                async for delta in deltas:
                    match delta:
                        case TextDelta(text, recalled):
                            if recalled is not None:
                                self._show(ReplyRecalled(self.turn, recalled))
                            self._write(text)
                            if self._deps.engine.can.speaks:
                                alignment.write(text)
                            else:
                                late = self._deps.link.now() - asked_at > PATIENCE_PHRASE_S
                                for phrase in splitter.push(text, waiting=late):
                                    await self._queue_phrase(phrase)
                        case SoundDelta(samples, rate):
                            resampler = resampler or Resampler(rate, self._deps.playback.rate)
                            self._play(alignment.piece(resampler.push(samples), resampler.rate_out))
                            await self._wait_for_playback()
                        case ConsentDelta(question):
                            self._show(ConsentAsked(self.turn, question))
                        case Listening():
                            break
        except BadInput as error:  # what has come stands, and the call goes on
            self._show(Notice("warning", "bad_reply", str(error)))
        if resampler is not None:
            self._play(alignment.end(resampler.flush(), resampler.rate_out))
        for phrase in splitter.flush():
            await self._queue_phrase(phrase)

    async def bridge(self, words: str) -> None:
        """Says `words` in a pause of the answer, if nothing was said yet."""
        if self.committed and not self.said and not self._deps.engine.can.speaks:
            self._write(words)
            await self._queue_phrase(words.strip())

    async def _wait_for_playback(self) -> None:
        """Keeps synthesis at most AHEAD_S ahead of playback."""
        await asyncio.sleep(max(0.0, self._deps.playback.waiting_s() - AHEAD_S))

    def _write(self, text: str) -> None:
        self.timing.mark("first_token", self._deps.link.now())
        self.said += text
        self._show(ReplyText(self.turn, text))

    async def _queue_phrase(self, phrase: str) -> None:
        self.timing.mark("first_phrase", self._deps.link.now())
        await self._phrases.put(phrase)

    async def _synthesise(self) -> None:
        try:
            while True:
                self._play(await self._deps.speech.say(await self._phrases.get()))
                await self._wait_for_playback()
        except QueueClosed:
            self._deps.playback.complete(self.turn)

    def _play(self, piece: AudioPiece) -> None:
        self.timing.mark("first_sound_made", self._deps.link.now())
        self._deps.playback.add(self.turn, piece)


def _session_times(question: Question, clock: SoundClock) -> tuple[float, float]:
    """(begin, end) of the question on the session clock."""
    if isinstance(question, SpokenQuestion):
        return clock.at(question.began_at), clock.at(question.stopped_at)
    return question.began_at, question.began_at
