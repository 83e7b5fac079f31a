"""What every session of a process shares: weights and the threads that own them.

Opened once, before the first session; the event loop stays free while models load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from audio.transcribe import Transcriber
from audio.voice import Synthesizer
from audio.voice_activity import VoiceActivity
from dialogue.engine import Capabilities, Engine, EngineFactories, UnitModel
from dialogue.engines import abilities_of, open_engine
from dialogue.errors import BadInput
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import TakesTools, Toolbox
from stream.models.capacity import Capacity, Cost, Measurable, Paced
from stream.models.needs import DEFAULT_LLM
from stream.models.opening_models import open_captioner_of, own_model_options
from stream.models.setup import Setup
from stream.models.unit_slots import UnitSlots
from stream.models.weights import Condition, WeightStore
from stream.perception.unit_prefill import Slots
from stream.runtime.device_thread import DeviceThread
from vision.detect import Detector
from vision.look import VisionModels
from vision.read_text import Reader

if TYPE_CHECKING:  # it comes with transformers, which takes seconds to import
    from dialogue.image_text.captioner import Captioner

T = TypeVar("T")
OnProgress = Callable[[str, int, int], None]  # part, parts done, parts in all

BACKGROUND_NICENESS = 10

ASR = "whisper-tiny.en"
NO_CAPTIONS = (
    f"what is said in the call will have no captions, and stand in the log as sound: `omnilive models pull {ASR}` "
    "brings what writes it down"
)


@dataclass
class Threads:
    """One thread a model, so that none waits for another: a partial transcript must not delay a phrase of sound."""

    llm: DeviceThread = field(default_factory=lambda: DeviceThread("llm"))
    asr: DeviceThread = field(default_factory=lambda: DeviceThread("asr"))
    voice: DeviceThread = field(default_factory=lambda: DeviceThread("tts"))
    vision: DeviceThread = field(default_factory=lambda: DeviceThread("vision", BACKGROUND_NICENESS))
    captioner: DeviceThread = field(default_factory=lambda: DeviceThread("captioner", BACKGROUND_NICENESS))

    def all(self) -> tuple[DeviceThread, ...]:
        return self.llm, self.asr, self.voice, self.vision, self.captioner


@dataclass(eq=False)
class Parts:
    """Shared by the sessions of one process; a session adds its own state to each."""

    voice_activity: VoiceActivity
    transcriber: Transcriber | None  # of an engine that hears: for captions, where its weights are there
    voice: Synthesizer | None  # None, as the eyes, where the engine does that itself
    vision_models: VisionModels | None
    new_engine: Callable[[], Engine]
    threads: Threads
    capacity: Capacity | None = None  # where it was measured
    new_chat_engine: Callable[[], Engine] | None = None  # of a mind that has another way for what is written
    captioner: Captioner | None = None  # for a mind that cannot see
    tools: tuple[Tool, ...] = ()  # the user's own, for a mind that calls functions
    _cost: Cost | None = None  # of units, where it was measured

    async def measure(self) -> None:
        """How many sessions this machine holds, where the engine can tell: by some seconds of its worst work. Before
        the first session; without it the setup's number counts."""
        if isinstance(self.new_engine, Measurable):
            self._cost = await self.threads.llm.run(self.new_engine.measure_units)
            self.capacity = Capacity.measured(self._cost)
        elif isinstance(self.new_engine, Paced):
            self.capacity = Capacity.paced(await self.threads.llm.run(self.new_engine.measure_pace))

    @cached_property
    def slots(self) -> Slots | None:
        """Where the units of all sessions are computed, for an engine that hears."""
        model = self.new_engine
        if not isinstance(model, UnitModel):
            return None
        run, together = self.threads.llm.run, model.compute_together
        if self._cost is None:
            return UnitSlots(run, together)
        return UnitSlots(run, together, expected_s=self._cost.unit_seconds)

    @property
    def remark(self) -> str:
        """What whoever starts this should know; empty where nothing is missing."""
        if not isinstance(self.new_engine, UnitModel):
            return ""
        unwritten = NO_CAPTIONS if self.new_engine.can.hears and self.transcriber is None else ""
        return "\n".join(filter(None, (self.new_engine.remark, unwritten)))

    def chat_engine(self, tools: tuple[Tool, ...] = ()) -> Engine:
        """For what is written instead of said live. Raises BadInput for `tools` that nobody here would call."""
        engine = (self.new_chat_engine or self.new_engine)()
        if isinstance(engine, TakesTools):
            engine.equip(Toolbox(more=(*self.tools, *tools), aside=asyncio.to_thread))
        elif tools:
            raise BadInput("only MiniCPM3 calls functions: choose it, or leave the tools out")
        return engine

    def close(self) -> None:
        """Waits for the steps in hand."""
        for thread in self.threads.all():
            thread.close()


def _open_asr(store: WeightStore, can: Capabilities) -> tuple[VoiceActivity, Transcriber | None]:
    """Who speaks, and when, is told by our own ear whatever the engine hears."""
    activity = VoiceActivity(store.path("silero-vad"))
    if can.hears and not _is_there(store, ASR):
        return activity, None
    transcriber = Transcriber(store.path(ASR), threads=1)
    transcriber.warm_up()
    return activity, transcriber


def _open_vision(store: WeightStore, can: Capabilities) -> VisionModels | None:
    if can.sees:
        return None
    detector, reader = Detector(store.path("nanodet-g"), threads=1), Reader()
    detector.warm_up()
    reader.warm_up()
    return VisionModels(detector, reader)


def _open_voice(can: Capabilities) -> Synthesizer | None:
    if can.speaks:
        return None
    voice = Synthesizer(threads=1)
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

    can = abilities_of(setup.engine, setup.model_path, setup.voice is not None)
    with ExitStack() as unless_ready:
        # Nobody waits for what is written down beside an engine that hears.
        threads = Threads(asr=DeviceThread("asr", BACKGROUND_NICENESS)) if can.hears else Threads()
        for thread in threads.all():
            unless_ready.callback(thread.close)
        async with asyncio.TaskGroup() as tasks:
            asr = tasks.create_task(opened("asr", threads.asr, _open_asr, store, can))
            vision_models = tasks.create_task(opened("vision", threads.vision, _open_vision, store, can))
            voice = tasks.create_task(opened("tts", threads.voice, _open_voice, can))
            llm = tasks.create_task(opened("llm", threads.llm, _open_llm, setup, store, threads.llm))
            captioner = tasks.create_task(threads.captioner.run(open_captioner_of, setup))
        unless_ready.pop_all()
    activity, transcriber = asr.result()
    factories = llm.result()
    live, chat = (factories.live, factories.chat) if isinstance(factories, EngineFactories) else (factories, None)
    senses = activity, transcriber, voice.result(), vision_models.result()
    return Parts(*senses, live, threads, new_chat_engine=chat, captioner=captioner.result(), tools=setup.tools)


def _open_llm(setup: Setup, store: WeightStore, thread: DeviceThread) -> Callable[[], Engine]:
    own: dict[str, Any] = {}
    if setup.engine in ("minicpm", "image_text"):
        own = own_model_options(setup)
    elif setup.engine == "chat_model":
        own = {"precision": setup.precision, "device": setup.device}
    if setup.engine in ("embedded", "chat_model") and _is_there(store, "all-minilm-l6-v2"):
        own["embedder_folder"] = store.path("all-minilm-l6-v2")  # without it, recall goes by words alone
    return open_engine(
        setup.engine,
        runner=thread.run,
        model_path=store.path(DEFAULT_LLM) if setup.engine == "embedded" else setup.model_path,
        context_tokens=setup.context_tokens,
        remote_url=setup.remote_url,
        remote_model=setup.remote_model,
        **own,
    )


def _is_there(store: WeightStore, name: str) -> bool:
    return any(each.weights.name == name and each.condition is Condition.PRESENT for each in store.listing())
