"""Stage: microphone sound to speech events (VAD, endpointing) and partial transcripts.

The speech probability is computed on the event loop (77 us a hop, measured): a switch to a thread costs as much and
adds its queue to every pause. Transcripts run on the ASR thread.
"""

from __future__ import annotations

import asyncio

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk
from audio.endpointing import Endpointer, SpeechStarted
from audio.loudness import MicrophoneBack, MicrophoneSilent, SilenceWatch
from audio.models import Recogniser
from audio.voice_activity import HOP_S, VadState, VoiceActivityDetector
from stream.models.setup import Setup
from stream.perception.echo_cancellation import EchoCancellation
from stream.perception.interleave import UNIT, UNIT_S
from stream.perception.turn_detection import TurnDetection, endpointer_settings
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import Notice
from stream.runtime.link import Link
from stream.runtime.queues import DropOldest
from stream.turns.floor import Floor

AUDIO_QUEUE_CHUNKS = 250  # five seconds of 20 ms chunks: sound that is older is not worth processing

# A browser's noise suppression turns a quiet room into near silence, so only a level below one step of 16 bits counts
# as a dead microphone, and a microphone that has brought speech is never reported.
SILENT_S, DEAD_DBFS = 6.0, -95.0

SPEECH = 0.5  # probability from which a hop counts as speech

# A partial transcript is for the caption only, so it covers at most the last seconds of a long utterance.
PARTIAL_S = 12.0


class AudioPerception:
    """Processes the microphone sound of one session. `transcriber` None: no partial transcripts."""

    def __init__(
        self,
        *,
        voice_activity: VoiceActivityDetector,
        transcriber: Recogniser | None,
        asr: DeviceThread,
        endpointing: TurnDetection,
        floor: Floor,
        setup: Setup,
        link: Link,
        echo: EchoCancellation | None,
    ) -> None:
        self._voice_activity, self._transcriber, self._thread = voice_activity, transcriber, asr
        self._endpointing = endpointing
        self._floor, self._setup, self._link, self._echo = floor, setup, link, echo
        self.queue: DropOldest[Chunk] = DropOldest(AUDIO_QUEUE_CHUNKS)
        self._on = True
        self._partial: asyncio.Task[None] | None = None
        self._partial_end_s = 0.0
        self._added = 0  # samples of silence inserted for sound that did not come
        self._was_idle = False
        self._reset()

    def _reset(self) -> None:
        self._voice_state = VadState()
        self._endpointer = Endpointer(endpointer_settings(self._setup))
        self._silence = SilenceWatch(SILENT_S, DEAD_DBFS)
        self._heard_speech = False

    def switch(self, on: bool) -> None:
        """Turns the microphone on or off; the caller drops an unfinished utterance."""
        if on and not self._on:
            self._reset()
        self._on = on

    async def run(self) -> None:
        """Runs until the queue is closed."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                chunk = await self._next()
                if chunk is None:
                    await self._append_silence()
                    continue
                self._floor.sound_clock.arrived(chunk.end_s, self._link.now())
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
                    chunk = self._echo.clean(chunk, self._floor.sound_clock.at(chunk.start_s), self._floor.playout_s)
                muted = not self._on or self._floor.deaf
                heard = Chunk(np.zeros_like(chunk.samples), chunk.rate, chunk.start) if muted else chunk
                self._floor.sound.append(heard)
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
        end = round(self._floor.sound.end_s * HEARING_RATE_HZ)
        self._was_idle, self._added = True, self._added + UNIT
        silence = Chunk(np.zeros(UNIT, np.float32), HEARING_RATE_HZ, end)
        self._floor.sound_clock.arrived(silence.end_s, self._link.now())
        self._floor.sound.append(silence)
        await self._floor.heard()

    async def _detect_speech(self, chunk: Chunk, tasks: asyncio.TaskGroup) -> None:
        if not self._heard_speech:
            self._watch_silence(chunk)
        probability = 0.0
        for hop in self._voice_activity.step(self._voice_state, chunk):
            own = self._echo is not None and self._echo.explains(hop.at - HOP_S, hop.at)
            probability = 0.0 if own else hop.probability
            event = self._endpointer.hear(probability, hop.at, self._endpointing.take())
            self._heard_speech |= isinstance(event, SpeechStarted)
            decisions = self._floor.turns.hear(event, hop.at, voiced=probability >= SPEECH)
            if decisions:
                await self._floor.carry_out(decisions)
        if probability >= SPEECH or not self._floor.turns.hands_free:
            self._transcribe_so_far(tasks)

    def _transcribe_so_far(self, tasks: asyncio.TaskGroup) -> None:
        turns = self._floor.turns
        busy = self._partial is not None and not self._partial.done()
        if self._transcriber is None or not turns.user_speaks or busy:
            return
        start, end = self._floor.said_so_far()
        if end - max(start, self._partial_end_s) >= self._setup.partial_every_s:
            self._partial_end_s = end
            self._partial = tasks.create_task(self._partial_transcript(turns.turn, start, end), name="partial")

    async def _partial_transcript(self, turn: int, start: float, end: float) -> None:
        shown_from = max(start, end - PARTIAL_S)
        samples = self._floor.sound.between(shown_from, end)
        assert self._transcriber is not None, "Partial transcripts need a transcriber."
        text = (await self._thread.run(self._transcriber.transcribe, samples)).text
        if text:
            await self._floor.show_partial(turn, text if shown_from == start else f"… {text}")

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
