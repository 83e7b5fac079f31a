"""What every session of a process shares: weights and the threads that own them.

Opened once, before the first session; the event loop stays free while models load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from audio.transcribe import Transcriber
from audio.voice import Voice
from audio.voice_activity import VoiceActivity
from dialogue.engine import Engine, Minds
from dialogue.engines import open_engine
from stream.capacity import Capacity
from stream.device_thread import DeviceThread
from stream.setup import Setup
from stream.weights import Condition, WeightStore
from vision.detect import Detector
from vision.look import Eyes
from vision.read_text import Reader

T = TypeVar("T")
OnProgress = Callable[[str, int, int], None]  # part, parts done, parts in all

EYES_NICENESS = 10


@dataclass
class Threads:
    """One thread a model, so that none waits for another: a partial transcript must not delay a phrase of sound."""

    mind: DeviceThread = field(default_factory=lambda: DeviceThread("mind"))
    ears: DeviceThread = field(default_factory=lambda: DeviceThread("ears"))
    voice: DeviceThread = field(default_factory=lambda: DeviceThread("voice"))
    eyes: DeviceThread = field(default_factory=lambda: DeviceThread("eyes", EYES_NICENESS))

    def all(self) -> tuple[DeviceThread, ...]:
        return self.mind, self.ears, self.voice, self.eyes


@dataclass(eq=False)
class Parts:
    """Shared by the sessions of one process; a session adds its own state to each."""

    voice_activity: VoiceActivity
    transcriber: Transcriber
    voice: Voice
    eyes: Eyes
    new_engine: Callable[[], Engine]
    threads: Threads
    capacity: Capacity | None = None  # where it was measured

    def new_correspondent(self) -> Engine:
        """For what is written instead of said live."""
        return self.new_engine.letters() if isinstance(self.new_engine, Minds) else self.new_engine()

    def close(self) -> None:
        """Waits for the steps in hand."""
        for thread in self.threads.all():
            thread.close()


def _open_ears(store: WeightStore) -> tuple[VoiceActivity, Transcriber]:
    transcriber = Transcriber(store.path("whisper-tiny.en"), threads=1)
    transcriber.warm_up()
    return VoiceActivity(store.path("silero-vad")), transcriber


def _open_eyes(store: WeightStore) -> Eyes:
    detector, reader = Detector(store.path("nanodet-g"), threads=1), Reader()
    detector.warm_up()
    reader.warm_up()
    return Eyes(detector, reader)


def _open_voice() -> Voice:
    voice = Voice(threads=1)
    voice.warm_up()
    return voice


async def open_parts(setup: Setup, store: WeightStore, on_progress: OnProgress = lambda *_: None) -> Parts:
    """Load and warm all that `setup` needs. Raises WeightsError, ValueError, OSError; then no thread is left behind."""
    done = 0

    def step(part: str) -> None:
        nonlocal done
        done += 1
        on_progress(part, done, 4)

    async def opened(part: str, thread: DeviceThread, load: Callable[..., T], *args: object) -> T:
        result = await thread.run(load, *args)
        step(part)
        return result

    with ExitStack() as unless_ready:
        threads = Threads()
        for thread in threads.all():
            unless_ready.callback(thread.close)
        async with asyncio.TaskGroup() as tasks:
            ears = tasks.create_task(opened("ears", threads.ears, _open_ears, store))
            eyes = tasks.create_task(opened("eyes", threads.eyes, _open_eyes, store))
            voice = tasks.create_task(opened("voice", threads.voice, _open_voice))
            mind = tasks.create_task(opened("mind", threads.mind, _open_mind, setup, store, threads.mind))
        unless_ready.pop_all()
    activity, transcriber = ears.result()
    return Parts(activity, transcriber, voice.result(), eyes.result(), mind.result(), threads)


def _open_mind(setup: Setup, store: WeightStore, thread: DeviceThread) -> Callable[[], Engine]:
    own: dict[str, Any] = {}
    if setup.engine == "minicpm":
        own["precision"] = setup.precision
    elif setup.engine == "small_cpu" and _is_there(store, "all-minilm-l6-v2"):
        own["embedder_folder"] = store.path("all-minilm-l6-v2")  # without it, recall goes by words alone
    return open_engine(
        setup.engine,
        runner=thread.run,
        model_path=store.path("smollm2-135m-instruct") if setup.engine == "small_cpu" else setup.model_path,
        context_tokens=setup.context_tokens,
        remote_url=setup.remote_url,
        remote_model=setup.remote_model,
        **own,
    )


def _is_there(store: WeightStore, name: str) -> bool:
    return any(each.weights.name == name and each.condition is Condition.PRESENT for each in store.listing())
