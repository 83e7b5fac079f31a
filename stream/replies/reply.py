"""Makes the reply of one turn, from the user's words to sound in the outgoing queue. Nothing shows before `commit`.

A reply may be prepared speculatively in a short pause. When the user goes on, its owner cancels its task, waits, and
rewinds the engine. Runs as one task; turn-taking is decided elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from audio.phrases import PhraseSplitter
from audio.resample import Resampler
from dialogue.blocks import PictureBlock, SoundBlock, TextBlock
from dialogue.engine import ConsentDelta, Listening, Mark, SoundDelta, TextDelta
from dialogue.errors import BadInput
from dialogue.languages.watching import watching_answer
from dialogue.rules.scene_questions import scene_question
from stream.languages.spoken_language import code_spoken
from stream.perception.picture_detail import concerns_scene, concerns_text
from stream.perception.units.unit_prefill import UnitPrefill
from stream.playout.playback import AudioPiece
from stream.playout.speech_text_alignment import SpeechTextAlignment
from stream.replies.acknowledgements import AFTER_S
from stream.replies.interpreter import in_one_piece
from stream.replies.reply_dependencies import ReplyDependencies
from stream.replies.unheard import Unheard
from stream.runtime.budget import TurnTiming
from stream.runtime.events import ConsentAsked, Expressed, Notice, ReplyText, UserCaption
from stream.runtime.origins import origins
from stream.runtime.queues import BlockingQueue, QueueClosed
from stream.showing.shown_book import in_words
from stream.turns.decisions import Announcement, PendingQuestion, Question, SpokenQuestion, TypedQuestion
from vision.picture import Picture

# Sound synthesised ahead of playback: more would be discarded at the next interruption.
AHEAD_S = 12.0
# How long an answer about the scene waits for the update that was requested when the user began.
PATIENCE_SPOKEN_S = 0.15
PATIENCE_TYPED_S = 0.8
PATIENCE_PHRASE_S = 0.15  # for which the first phrase may be in the making before it is cut short


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
        self.turn, self.question, self._deps = turn, question, dependencies
        self.shown, self._unheard = shown, unheard
        self.began_at, self.stopped_at = dependencies.times(question)
        self.timing = TurnTiming(self.stopped_at, asked=not isinstance(question, Announcement))
        self.waits = isinstance(question, SpokenQuestion) and not question.answered  # heard now, and answered later
        self.user_text = self.said = ""
        self._about_shown: str | None = None  # the answer about something shown, if that is asked for
        self.before_question: Mark | None = None
        self.before_reply: Mark | None = None
        self.reads = False  # it reads aloud what the camera shows
        self.committed = self.complete = False  # complete: all of its text is there
        self._decided = asyncio.Event()
        self._unshown: list[Expressed] = []
        self._spoken_in = ""  # the language of the reply, "" where its words tell
        self._phrases: BlockingQueue[str] = BlockingQueue(16)
        dependencies.playback.start(turn)

    async def run(self) -> None:
        """Raises what the engine raises. Cancelling takes effect within one token and one phrase."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._synthesise(), name=f"speech-{self.turn}")
            acknowledging = tasks.create_task(self._acknowledge(), name=f"acknowledgement-{self.turn}")
            await self._generate()
            acknowledging.cancel()
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

    def _show(self, *events: Expressed) -> None:
        for event in events:
            (self._deps.link.emit if self.committed else self._unshown.append)(event)

    async def _generate(self) -> None:
        match self.question, self._deps.unit_prefill:
            case (Announcement() | PendingQuestion()) as unasked, _:
                self.before_question = self.before_reply = await self._deps.engine.mark()
                own = unasked.text if isinstance(unasked, Announcement) else None
                await (self._stream_reply() if own is None else self._say(in_one_piece(own)))
                return
            case SpokenQuestion(until=until), UnitPrefill() as unit_prefill:
                self.before_question = await self._deps.engine.mark()
                await unit_prefill.take_rest(until)
            case _:
                language = await self._hear_question()
                if not self.user_text or await self._interpret(language):
                    return
                await self._feed_question(language)
        if self.waits:
            return
        self.before_reply = await self._deps.engine.mark()
        code = code_spoken(self._deps.language)
        unheard = self._unheard.continuation(self.user_text, self.began_at, code) if self._unheard else None
        known = unheard if unheard is not None else self._about_watching(code) or self._about_shown or self._blind()
        if known is not None:
            await self._say(in_one_piece(known))
        elif not self._deps.engine.can.sees and self._deps.reading.is_asked(self.user_text, code):
            self.reads = True
            await self._say(self._deps.reading.pieces(self.user_text, code))
        elif (narrated := self._deps.shown.narrated(self.user_text)) is not None:
            await self._say(narrated)
        else:
            await self._stream_reply()

    def _about_watching(self, code: str) -> str | None:
        """The answer to words about watching and describing; what they ask is done."""
        watches = self._deps.watches
        return watching_answer(self.user_text, code, watches, self._deps.video.scene) if watches else None

    async def _interpret(self, language: str) -> bool:
        """Whether live translation takes the question: the engine does not get its words then."""
        interpreter, spoken = self._deps.interpreter, self._deps.language
        answer = interpreter.answer(self.user_text, language or spoken.code) if interpreter and spoken else None
        if answer is None:
            return False
        texts, self._spoken_in = answer
        await self._say(texts)
        return True

    async def _say(self, texts: AsyncGenerator[str, None]) -> None:
        splitter, asked_at = PhraseSplitter(), self._deps.link.now()
        async with aclosing(texts):
            async for text in texts:
                self._write(text)
                await self._queue(splitter.push(text, waiting=self._is_late(asked_at)))
        await self._queue(splitter.flush())

    async def _hear_question(self) -> str:
        """Shows the words of the question; returns their language. `user_text` stays empty where there are none."""
        self.user_text, language = await self._words()
        self.timing.mark("transcript", self._deps.link.now())
        self._show(UserCaption(self.turn, self.user_text, True, isinstance(self.question, TypedQuestion)))
        return language

    async def _feed_question(self, language: str) -> None:
        """Feeds the question as text."""
        engine, typed = self._deps.engine, isinstance(self.question, TypedQuestion)
        self.before_question = await engine.mark()
        await self._feed_scene()
        if engine.can.takes_sound and isinstance(self.question, SpokenQuestion) and self._deps.transcripts is not None:
            await engine.feed(SoundBlock(self._deps.transcripts.sound(self.question), self.began_at))
        words = f"{self.user_text}{await self._consider_shown()}"
        await engine.feed(TextBlock(words, self.began_at, self.stopped_at, typed, language))

    async def _consider_shown(self) -> str:
        """Feeds what a question about something shown needs; for an engine that sees, returns it to be read with it."""
        shown, engine = self._deps.shown, self._deps.engine
        self._about_shown, excerpts = await shown.consider(self.user_text)
        if engine.can.sees:
            return in_words(excerpts)
        for block in (*shown.take_blocks(), *excerpts):
            await engine.feed(block)
        return ""

    async def _words(self) -> tuple[str, str]:
        """The words and their language, "" where only they can tell."""
        if isinstance(self.question, SpokenQuestion):
            assert self._deps.transcripts is not None, "An engine that cannot hear needs a transcriber."
            heard = await self._deps.transcripts.final(self.question)
            return heard.text, heard.language
        assert isinstance(self.question, TypedQuestion), "others have no words of the user"
        if self._deps.language is not None:
            self._deps.language.typed(self.question.text)
        return self.question.text, ""

    async def _feed_scene(self) -> None:
        video, engine = self._deps.video, self._deps.engine
        patience_s = PATIENCE_TYPED_S if isinstance(self.question, TypedQuestion) else PATIENCE_SPOKEN_S
        if not engine.can.sees:
            asked = self.user_text, code_spoken(self._deps.language)
            patience_s = patience_s if concerns_scene(*asked) else 0.0
            await engine.feed(await video.fresh(self.began_at, patience_s, texts=concerns_text(*asked)))
            return
        picture = await video.fresh_picture(patience_s)
        if picture is not None and await self._is_worth_showing(picture):
            coarse = video.detail.coarse(self.user_text, code_spoken(self._deps.language))
            await engine.feed(PictureBlock(picture.rgb, picture.at, coarse=coarse))
            self.shown = picture

    async def _is_worth_showing(self, picture: Picture) -> bool:
        """False where the engine has a picture of this view and the question is about something else."""
        in_context = self._deps.engine.context().tokens.get("picture")
        if self.shown is None or not in_context or concerns_scene(self.user_text):
            return True
        return not await self._deps.video.same_view(self.shown, picture)

    def _blind(self) -> str | None:
        """Why an engine that sees cannot answer this question about the scene: its picture is dark, or an old one."""
        blind = self._deps.video.blind if self._deps.engine.can.sees else ""
        about_scene = bool(blind) and scene_question(self.user_text) is not None
        return f"{blind} I can't see anything right now." if about_scene else None

    async def _stream_reply(self) -> None:
        """Streams the engine's reply: text to the caller and to speech synthesis, sound to playback."""
        splitter, alignment, asked_at = PhraseSplitter(), SpeechTextAlignment(), self._deps.link.now()
        resampler: Resampler | None = None
        try:
            async with aclosing(self._deps.engine.reply()) as deltas:
                async for delta in deltas:
                    match delta:
                        case TextDelta(text):
                            self._show(*origins(self.turn, delta))
                            self._write(text)
                            if self._deps.engine.can.speaks:
                                alignment.write(text)
                            else:
                                await self._queue(splitter.push(text, waiting=self._is_late(asked_at)))
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
        if (source := self._deps.shown.source_of(self.user_text, self.said)) is not None:
            self._show(*origins(self.turn, source))
            if not self._deps.engine.can.speaks:
                self._write(source.text)
                await self._queue(splitter.push(source.text))
        await self._queue(splitter.flush())

    async def bridge(self, words: str) -> None:
        """Says `words` in a pause of the answer, if nothing was said yet."""
        if self.committed and not self.said and not self._deps.engine.can.speaks:
            self._write(words)
            await self._queue([words.strip()])

    async def _acknowledge(self) -> None:
        """Ends the silence before a late answer to spoken words, unless some of the answer is there by then."""
        acknowledgements = self._deps.acknowledgements
        if acknowledgements is None or not acknowledgements.on or not isinstance(self.question, SpokenQuestion):
            return
        await self._decided.wait()
        await asyncio.sleep(AFTER_S - (self._deps.link.now() - self.stopped_at))
        piece = await acknowledgements.piece(self.user_text) if not self.said else None
        if piece is not None and not self.said:
            self._deps.playback.add(self.turn, piece)

    async def _wait_for_playback(self) -> None:
        """Keeps synthesis at most AHEAD_S ahead of playback."""
        await asyncio.sleep(max(0.0, self._deps.playback.waiting_s() - AHEAD_S))

    def _write(self, text: str) -> None:
        self.timing.mark("first_token", self._deps.link.now())
        self.said += text
        self._show(ReplyText(self.turn, text))

    def _is_late(self, asked_at: float) -> bool:
        return self._deps.link.now() - asked_at > PATIENCE_PHRASE_S

    async def _queue(self, phrases: Sequence[str]) -> None:
        for phrase in phrases:
            self.timing.mark("first_phrase", self._deps.link.now())
            await self._phrases.put(phrase)

    async def _synthesise(self) -> None:
        try:
            while True:
                phrase = await self._phrases.get()
                self._play(await self._deps.speech.say(phrase, self._spoken_in))
                await self._wait_for_playback()
        except QueueClosed:
            self._deps.playback.complete(self.turn)

    def _play(self, piece: AudioPiece) -> None:
        self.timing.mark("first_sound_made", self._deps.link.now())
        self._deps.playback.add(self.turn, piece)
