"""Stage: microphone sound -> speech, its end, and what was said so far.

The speech probability is computed on the event loop (77 us a hop, measured): a hop to a thread costs as much and
adds its queue to every pause. Transcripts run on the ears' thread.
"""

from __future__ import annotations

import asyncio

import numpy as np

from audio.chunk import HEARING_RATE_HZ, Chunk
from audio.endpointing import Endpointer, SpeechStarted
from audio.loudness import MicrophoneBack, MicrophoneSilent, SilenceWatch
from audio.models import Recogniser
from audio.voice_activity import VoiceState
from stream.models.parts import Parts
from stream.models.setup import Setup
from stream.perception.interleave import UNIT, UNIT_S
from stream.perception.turn_detection import TurnDetection, end_of_speech_settings
from stream.runtime.events import Notice
from stream.runtime.lanes import DropOldest
from stream.runtime.link import Link
from stream.turns.floor import Floor

LANE_CHUNKS = 250  # five seconds of 20 ms chunks: more delay than that is a lost cause

# A browser's noise suppression turns a quiet room into almost nothing: only less than one step of 16 bits is dead,
# and a microphone that has brought speech is alive, however quiet its user is.
SILENT_S, DEAD_DBFS = 6.0, -95.0

SPEECH = 0.5  # probability from which a hop counts as speech

# Partial transcripts are for the caption's eye: of a long speech only so much is transcribed anew each time.
PARTIAL_S = 12.0


class AudioPerception:
    """The ears of one session."""

    def __init__(
        self,
        parts: Parts,
        transcriber: Recogniser | None,
        endpointing: TurnDetection,
        floor: Floor,
        setup: Setup,
        link: Link,
    ) -> None:
        self._activity, self._transcriber, self._thread = parts.voice_activity, transcriber, parts.threads.asr
        self._endpointing = endpointing
        self._floor, self._setup, self._link = floor, setup, link
        self.lane: DropOldest[Chunk] = DropOldest(LANE_CHUNKS)
        self._on = True
        self._partial: asyncio.Task[None] | None = None
        self._partial_end_s = 0.0
        self._added = 0  # samples of silence that stand for sound that did not come
        self._was_idle = False
        self._listen_anew()

    def _listen_anew(self) -> None:
        self._voice_state = VoiceState()
        self._end_of_speech = Endpointer(end_of_speech_settings(self._setup))
        self._silence = SilenceWatch(SILENT_S, DEAD_DBFS)
        self._heard_speech = False

    def switch(self, on: bool) -> None:
        """The user turned the microphone on or off; what was half said is dropped by whoever calls."""
        if on and not self._on:
            self._listen_anew()
        self._on = on

    async def run(self) -> None:
        """Until the lane is closed."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                chunk = await self._next()
                if chunk is None:
                    await self._pass_time()
                    continue
                self._floor.sound_clock.arrived(chunk.end_s, self._link.now())
                if not np.isfinite(chunk.samples).all():
                    self._link.emit(Notice("warning", "bad_sound", "The microphone sent sound that is not a number."))
                    chunk = Chunk(np.zeros_like(chunk.samples), chunk.rate, chunk.start)
                unheard = not self._on or self._floor.deaf
                silent = Chunk(np.zeros_like(chunk.samples), chunk.rate, chunk.start) if unheard else chunk
                self._floor.sound.append(silent)
                if self._on:
                    await self._listen(chunk, tasks)
                await self._floor.heard()

    async def _next(self) -> Chunk | None:
        """The next sound; None where an engine waits for its seconds and no microphone gives any."""
        try:
            async with asyncio.timeout(UNIT_S if self._floor.counts_seconds else None):
                chunk = await self.lane.get()
        except TimeoutError:
            return None
        if self._added and self._was_idle:
            self._listen_anew()
        self._was_idle = False
        return Chunk(chunk.samples, chunk.rate, chunk.start + self._added) if self._added else chunk

    async def _pass_time(self) -> None:
        """A second of silence, behind which sound goes on should it come back."""
        end = round(self._floor.sound.end_s * HEARING_RATE_HZ)
        self._was_idle, self._added = True, self._added + UNIT
        silence = Chunk(np.zeros(UNIT, np.float32), HEARING_RATE_HZ, end)
        self._floor.sound_clock.arrived(silence.end_s, self._link.now())
        self._floor.sound.append(silence)
        await self._floor.heard()

    async def _listen(self, chunk: Chunk, tasks: asyncio.TaskGroup) -> None:
        if not self._heard_speech:
            self._watch_silence(chunk)
        probability = 0.0
        for hop in self._activity.step(self._voice_state, chunk):
            probability = hop.probability
            event = self._end_of_speech.hear(probability, hop.at, self._endpointing.take())
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
        assert self._transcriber is not None, "nobody asked for words"
        text = (await self._thread.run(self._transcriber.transcribe, samples)).text
        if text:
            await self._floor.overhear(turn, text if shown_from == start else f"… {text}")

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
