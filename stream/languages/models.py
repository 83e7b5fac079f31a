"""The recogniser and the voices of languages other than English, shared by all sessions of a process.

They are fetched and opened when a language is first wanted: the recogniser first, then the voices. To judge in which
language doubtful words were said, the recogniser alone is opened: voices take 0.3 GB. Calls go on meanwhile, since they
are opened on a thread of their own; who listens hears how far it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, Protocol
from weakref import WeakSet

from audio.models import VoiceModel
from audio.transcribe import Transcriber
from audio.voices.kokoro import KokoroModel, KokoroVoice
from audio.voices.phonemes import has_phonemes, phonemes
from dialogue.languages.language import CODES, ENGLISH
from stream.languages.speakers import HIBARI, SPEAKERS_OF
from stream.models.fetching.fetch_errors import WeightsError
from stream.runtime.device_thread import DeviceThread

log = logging.getLogger(__name__)

WHISPER, KOKORO, SPEAKERS = WEIGHTS = "whisper-base", "kokoro-82m", "kokoro-voices"
VOICE_THREADS = 2
State = Literal["fetching", "ready", "failed"]


class FetchListener(Protocol):
    """A session that shows how far the fetching is."""

    def tell(self, state: State, words: str) -> None: ...


class LanguageWeights(Protocol):
    """The store of weights (`stream.models.weights.WeightStore`)."""

    def path(self, name: str) -> Path: ...
    def pull(self, names: Iterable[str], progress: Callable[[str, int, int], None]) -> list[Path]: ...


class LanguageModels:
    """Models are None until they are there. `want` may be called at any time, on the event loop."""

    def __init__(self, store: LanguageWeights, thread: DeviceThread) -> None:
        """`thread` opens them: those of the recogniser and of the voice have calls to serve."""
        self._store, self._thread = store, thread
        self.recogniser: Transcriber | None = None
        self._kokoro: KokoroModel | None = None
        self._voices: dict[tuple[str, str], KokoroVoice] = {}
        self._opening: asyncio.Task[None] | None = None
        self._speaks = False  # whether the voices are wanted too
        self._hears = asyncio.Event()  # set when the recogniser is there, or cannot be had
        self._listeners: WeakSet[FetchListener] = WeakSet()

    def listen(self, listener: FetchListener) -> None:
        """Reports to `listener` while models are fetched, as long as it lives."""
        self._listeners.add(listener)

    @property
    def are_here(self) -> bool:
        """Whether nothing is to be fetched."""
        try:
            return all(self._store.path(name) for name in WEIGHTS)
        except WeightsError:
            return False

    def want(self) -> None:
        """Begins to fetch and open what is missing. After a failure it is tried again."""
        self._speaks = True
        self.want_hearing()

    def want_hearing(self) -> None:
        """`want` for the recogniser alone."""
        missing = self.recogniser is None or (self._speaks and self._kokoro is None)
        if missing and (self._opening is None or self._opening.done()):
            self._hears.clear()
            self._opening = asyncio.create_task(self._open(), name="languages")

    async def hearing(self) -> Transcriber | None:
        """The recogniser, opened first where it is here; None while it is fetched."""
        self.want_hearing()
        if self.recogniser is None and self.are_here:
            await self._hears.wait()
        return self.recogniser

    async def speaking(self, code: str, speaker: str = "") -> VoiceModel | None:
        """As `voice`; the models are opened first where they are here."""
        self.want()
        if self._kokoro is None and self.are_here:
            await self.opened()
        return self.voice(code, speaker)

    async def opened(self) -> None:
        """Waits until everything is there that can be had."""
        self.want()
        assert self._opening is not None
        await asyncio.shield(self._opening)

    def voice(self, code: str, speaker: str = "") -> VoiceModel | None:
        """The Kokoro voice of a language, by its default speaker or a named one; None where it cannot speak (yet)."""
        if self._kokoro is None or not has_phonemes(code):
            return None
        chosen = speaker or next(name for name in SPEAKERS_OF[code] if name != HIBARI)
        if (code, chosen) not in self._voices:
            self._voices[code, chosen] = KokoroVoice(model=self._kokoro, voice=chosen, language=code)
        return self._voices[code, chosen]

    def close(self) -> None:
        """Stops waiting for models; a download goes on with the missing files the next time."""
        if self._opening is not None:
            self._opening.cancel()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        fetched: set[str] = set()

        def progress(name: str, done: int, total: int) -> None:
            if 0 < done < total or (done == 0 and total):
                fetched.add(name)
                loop.call_soon_threadsafe(self._tell, "fetching", f"{name}: {done / 1e6:.0f} of {total / 1e6:.0f} MB")

        try:
            [whisper] = await self._paths([WHISPER], progress)
            if self.recogniser is None:
                self.recogniser = await self._thread.run(Transcriber, whisper)
            self._hears.set()
            if not self._speaks:
                return
            model, speakers = await self._paths([KOKORO, SPEAKERS], progress)
            kokoro = await self._thread.run(KokoroModel, model, speakers / "voices", VOICE_THREADS)
            await self._thread.run(phonemes, "好的，OK。", "zh")  # loads the pronunciation tables
            self._kokoro = kokoro
        except WeightsError as error:
            log.warning("Models of other languages are missing: %s", error)
            self._tell("failed", str(error))
            return
        finally:
            self._hears.set()
        if fetched:
            self._tell("ready", "")

    async def _paths(self, names: list[str], progress: Callable[[str, int, int], None]) -> list[Path]:
        """The files, fetched where they are missing: those that are here are not read again."""
        try:
            return [self._store.path(name) for name in names]
        except WeightsError:
            return await asyncio.to_thread(self._store.pull, names, progress)

    def _tell(self, state: State, words: str) -> None:
        for listener in list(self._listeners):
            listener.tell(state, words)


async def open_languages(chosen: str, store: LanguageWeights, thread: DeviceThread) -> LanguageModels | None:
    """The models of other languages, opened at once where the user has chosen one; None where that is English."""
    if chosen == ENGLISH:
        return None
    languages = LanguageModels(store, thread)
    if chosen in CODES:
        await languages.opened()
    return languages
