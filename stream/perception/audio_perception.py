"""Stage: microphone sound to speech events (VAD, segmentation), transcripts, and estimates of the end of a turn.

The speech probability is computed on the event loop (77 us a hop, measured): a switch to a thread costs as much and
adds its queue to every pause. Transcripts run on the ASR thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Protocol

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk
from audio.loudness import MicrophoneBack, MicrophoneSilent, SilenceWatch, level_dbfs
from audio.room.foreground import Foreground
from audio.segmentation import Segmenter, SegmenterSettings, SpeechPaused, SpeechStarted
from audio.transcribe import Transcript
from audio.voice_activity import HOP_S, SpeechProbability, VadState, VoiceActivityDetector
from stream.models.setup import TurnSettings
from stream.perception.audio_buffer import AudioBuffer
from stream.perception.echo_cancellation import EchoCancellation
from stream.perception.interleave import UNIT, UNIT_S
from stream.perception.overlap_words import OverlapWords
from stream.perception.speech_transcripts import SpeechTranscripts
from stream.perception.turn_detection import TurnDetection
from stream.perception.turn_end_model import KEPT_HOPS, voice_slope
from stream.runtime.clock import SoundClock
from stream.runtime.events import Notice
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest
from stream.turns.decisions import Decision, Prepare, SpokenQuestion
from stream.turns.events import TurnEndEstimated, TurnEvent
from stream.turns.turns import SPEECH, Phase, Turns

AUDIO_QUEUE_CHUNKS = 250  # five seconds of 20 ms chunks: sound that is older is not worth processing

# A browser's noise suppression turns a quiet room into near silence, so only a level below one step of 16 bits counts
# as a dead microphone, and a microphone that has brought speech is never reported.
SILENT_S, DEAD_DBFS = 6.0, -95.0

# Silence after which the words so far are transcribed, and their melody judged, because the turn may be over: before
# the pause is reported. The first is one hop of the VAD.
TAIL_AFTER_S, MELODY_AFTER_S = 0.032, 0.064

# A partial transcript is for the caption only, so it covers at most the last seconds of a long utterance.
PARTIAL_S = 12.0


class ListeningFloor(Protocol):
    """What hearing needs of the floor (`stream.session.floor.Floor`)."""

    turns: Turns
    playout_s: float

    async def take(self, event: TurnEvent) -> list[Decision]:
        """Has an event decided and its decisions carried out. Returns them."""
        ...

    async def heard(self) -> None:
        """More sound came in and went through VAD."""
        ...

    async def show_partial(self, turn: int, text: str) -> None:
        """Shows a partial transcript of the open turn and has it prefilled."""
        ...

    @property
    def takes_every_second(self) -> bool: ...
    @property
    def deaf(self) -> bool: ...


class AudioPerception:
    """Processes the microphone sound of one session. `transcripts` None: the engine hears the sound itself."""

    def __init__(
        self,
        *,
        voice_activity: VoiceActivityDetector,
        sound: AudioBuffer,
        sound_clock: SoundClock,
        transcripts: SpeechTranscripts | None,
        turn_detection: TurnDetection | None,
        floor: ListeningFloor,
        settings: TurnSettings,
        link: Link,
        echo: EchoCancellation | None,
    ) -> None:
        self._voice_activity, self._transcripts, self._turn_detection = voice_activity, transcripts, turn_detection
        self._sound, self._sound_clock = sound, sound_clock
        self._floor, self._settings, self._link, self._echo = floor, settings, link, echo
        self._overlap = OverlapWords(transcripts, floor.take) if transcripts is not None else None
        self.queue: DropOldest[Chunk] = DropOldest(AUDIO_QUEUE_CHUNKS)
        self._on = True
        self.threshold = SPEECH  # the probability from which a hop counts as speech
        self._partial_end_s = 0.0
        self._estimate: asyncio.Task[None] | None = None
        self._added = 0  # samples of silence inserted for sound that did not come
        self._was_idle = False
        self._reset()

    def _reset(self) -> None:
        self._voice_state = VadState()
        self._segmenter = Segmenter(SegmenterSettings(pause_after_s=self._settings.speculate_after_s))
        self._foreground = Foreground()
        self._silence = SilenceWatch(SILENT_S, DEAD_DBFS)
        self._hops: deque[SpeechProbability] = deque(maxlen=KEPT_HOPS)
        self._heard_speech = False

    def switch(self, on: bool) -> None:
        """Turns the microphone on or off; the caller drops an unfinished utterance."""
        if on and not self._on:
            self._reset()
        self._on = on

    async def run(self) -> None:
        """Runs until the queue is closed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    await self._step(tasks)
        finally:
            if self._transcripts is not None:
                self._transcripts.close()
            if self._turn_detection is not None:
                self._turn_detection.forget()

    async def _step(self, tasks: asyncio.TaskGroup) -> None:
        chunk = await self._next()
        if chunk is None:
            await self._append_silence()
            return
        self._sound_clock.arrived(chunk.end_s, self._link.now())
        if not np.isfinite(chunk.samples).all():
            self._link.emit(
                Notice(
                    "warning",
                    "bad_sound",
                    "The microphone sent sound that is not a number; it is taken as silence.",
                )
            )
            chunk = Chunk(np.zeros_like(chunk.samples), chunk.rate, chunk.start)
        if self._echo is not None:
            chunk = self._echo.clean(chunk, self._sound_clock.at(chunk.start_s), self._floor.playout_s)
        muted = not self._on or self._floor.deaf
        heard = Chunk(np.zeros_like(chunk.samples), chunk.rate, chunk.start) if muted else chunk
        self._sound.append(heard)
        if self._on:
            await self._detect_speech(chunk, tasks)
        await self._floor.heard()

    async def _next(self) -> Chunk | None:
        """The next chunk; None where the engine takes every second and no sound came for one."""
        try:
            async with asyncio.timeout(UNIT_S if self._floor.takes_every_second else None):
                chunk = await self.queue.get()
        except TimeoutError:
            return None
        if self._added and self._was_idle:
            self._reset()
        self._was_idle = False
        return Chunk(chunk.samples, chunk.rate, chunk.start + self._added) if self._added else chunk

    async def _append_silence(self) -> None:
        """Appends a second of silence; later sound follows it."""
        end = round(self._sound.end_s * HEARING_RATE_HZ)
        self._was_idle, self._added = True, self._added + UNIT
        silence = Chunk(np.zeros(UNIT, np.float32), HEARING_RATE_HZ, end)
        self._sound_clock.arrived(silence.end_s, self._link.now())
        self._sound.append(silence)
        await self._floor.heard()

    async def _detect_speech(self, chunk: Chunk, tasks: asyncio.TaskGroup) -> None:
        if not self._heard_speech:
            self._watch_silence(chunk)
        for hop in self._voice_activity.step(self._voice_state, chunk):
            await self._take_hop(hop if self._is_the_user(hop) else SpeechProbability(hop.at, 0.0), tasks)

    def _is_the_user(self, hop: SpeechProbability) -> bool:
        """Whether speech in the hop is that of the person who talks with us: neither our own nor one behind."""
        speech = hop.probability >= self._segmenter.settings.leave
        if speech and self._echo is not None and self._echo.explains(hop.at - HOP_S, hop.at):
            return False
        level = level_dbfs(self._sound.between(hop.at - HOP_S, hop.at))
        replying = self._floor.turns.phase in (Phase.REPLYING, Phase.CHALLENGED)
        return self._foreground.stands_out(level, speech, in_echo=replying)

    async def _take_hop(self, hop: SpeechProbability, tasks: asyncio.TaskGroup) -> None:
        hop = SpeechProbability(hop.at, _rescaled(hop.probability, self.threshold))
        self._hops.append(hop)
        event = self._segmenter.hear(hop.probability, hop.at)
        decisions = await self._floor.take(hop)
        if event is not None:
            decisions += await self._floor.take(event)
        if isinstance(event, SpeechStarted):
            self._heard_speech = True
            if self._estimate is not None:
                self._estimate.cancel()
        for decision in decisions:
            if isinstance(decision, Prepare) and isinstance(event, SpeechPaused):
                self._estimate_end(decision.question, event, tasks)
        self._transcribe_so_far(hop, tasks)
        since = self._floor.turns.overlap_since
        if self._overlap is not None and since is not None:
            if hop.probability >= SPEECH:
                self._overlap.hear(since, hop.at, tasks)
            elif isinstance(event, SpeechPaused):
                self._overlap.end(since, tasks)

    def _transcribe_so_far(self, hop: SpeechProbability, tasks: asyncio.TaskGroup) -> None:
        """Begins a transcript for the caption while the user speaks, and one of the whole turn in a short silence."""
        transcripts, turns = self._transcripts, self._floor.turns
        if transcripts is None or not turns.user_speaks:
            return
        began_at, silent_s = turns.began_at, self._segmenter.silent_s
        voiced = hop.probability >= SPEECH or not turns.hands_free
        due = self._sound.end_s - max(began_at, self._partial_end_s) >= self._settings.partial_every_s
        if voiced and turns.phase is Phase.SPEAKING:  # in a pause an answer may be waiting for the words
            transcripts.user_goes_on()
        if voiced and due and not transcripts.busy:
            self._partial_end_s = self._sound.end_s
            tasks.create_task(self._caption(turns.turn, transcripts.partial(began_at, PARTIAL_S)), name="partial")
        elif silent_s >= TAIL_AFTER_S and not transcripts.covers(began_at, self._segmenter.last_speech_at):
            tasks.create_task(self._tail(turns.turn, transcripts.so_far(began_at)), name="tail")
        elif silent_s >= MELODY_AFTER_S and self._turn_detection is not None:
            self._turn_detection.listen(began_at, self._segmenter.last_speech_at)

    async def _tail(self, turn: int, heard: Awaitable[Transcript]) -> None:
        if text := (await heard).text:
            await self._floor.show_partial(turn, text)

    async def _caption(self, turn: int, words: Awaitable[str]) -> None:
        if text := await words:
            await self._floor.show_partial(turn, text)

    def _estimate_end(self, said: SpokenQuestion, paused: SpeechPaused, tasks: asyncio.TaskGroup) -> None:
        if self._turn_detection is None or said.stopped_at != paused.last_speech_at:  # the pause after a noise
            return

        async def report(probability: float) -> None:
            await self._floor.take(TurnEndEstimated(said.stopped_at, probability, self._sound.end_s))

        estimate = self._turn_detection.estimate(said, voice_slope(self._hops, said.stopped_at), report)
        self._estimate = tasks.create_task(estimate, name="turn-end")

    def _watch_silence(self, chunk: Chunk) -> None:
        match self._silence.hear(chunk):
            case MicrophoneSilent(_, for_s):
                self._link.emit(
                    Notice(
                        "warning",
                        "silent_microphone",
                        f"No sound has come from the microphone for {for_s:.0f} seconds. "
                        "Check that it is not muted and that the right one is chosen; typing works meanwhile.",
                    )
                )
            case MicrophoneBack():
                self._link.emit(Notice("info", "microphone_back", "The microphone can be heard again."))


def _rescaled(probability: float, threshold: float) -> float:
    """The probability on a scale on which `threshold` is SPEECH; all rules behind it know that one."""
    if threshold == SPEECH:
        return probability
    if probability < threshold:
        return probability * SPEECH / threshold
    return 1.0 - (1.0 - probability) * (1.0 - SPEECH) / (1.0 - threshold)
