"""Opens what every session of a process shares: models, and the threads that own them.

Opened once, before the first session; the event loop stays free while models load.
"""

from __future__ import annotations

import asyncio
import ctypes
import inspect
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from audio.models import Recogniser, TurnEndJudge, VoiceModel
from audio.room.echo import Canceller, EchoCanceller
from audio.room.speaker_embedding import SpeakerEncoder
from audio.room.talker import VoiceEncoder
from audio.turn_end.smart_turn import SmartTurn
from audio.voice_activity import VoiceActivityDetector
from dialogue.engine import Engine, EngineFactories, UnitModel
from dialogue.engines.entries import EMBEDDER
from dialogue.engines.entry import Cost, Measurement, unmeasured
from dialogue.engines.registry import entry_of
from dialogue.errors import BadInput
from dialogue.library.models import Embed
from dialogue.memory.sentence_embedding import SentenceEmbedder
from dialogue.remote.delegate import LargerModel
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import PreparesTools, TakesTools, Toolbox, usual_toolbox
from stream.languages.models import LanguageModels, open_languages
from stream.models.capacity import Capacity
from stream.models.components import Role, component
from stream.models.local_delegate import LocalDelegate, open_delegate
from stream.models.needs import TURN_END, VAD, VOICES, present
from stream.models.open_library import LibraryService, open_library
from stream.models.open_llm import open_llm
from stream.models.setup import Setup
from stream.models.tool_choice import NO_FUNCTIONS
from stream.models.weights import WeightStore
from stream.runtime.device_thread import DeviceThread, close_all
from stream.runtime.threads import BACKGROUND_NICENESS, Threads
from stream.runtime.unit_slots import OneByOne, Slots, UnitSlots
from stream.tools.mcp_client import McpServers
from vision.reading.read_text import Reader
from vision.seeing.look import VisionModels

if TYPE_CHECKING:  # imports transformers, which takes seconds
    from dialogue.image_text.captioner import Captioner

T = TypeVar("T")
OnProgress = Callable[[str, int, int], None]  # part, parts done, parts in total


@dataclass(eq=False)
class Parts:
    """Shared by the sessions of one process; a session adds its own state to each."""

    voice_activity: VoiceActivityDetector
    transcriber: Recogniser | None  # with an engine that hears: for captions, if its weights are present
    voice: VoiceModel | None  # None where the engine speaks
    vision_models: VisionModels | None  # None where the engine sees
    new_engine: Callable[[], Engine]
    threads: Threads
    new_echo_canceller: Callable[[], Canceller] | None = None  # None: the microphone cannot hear the loudspeaker
    capacity: Capacity | None = None  # where it was measured
    new_chat_engine: Callable[[], Engine] | None = None  # an engine for chat requests, where it differs
    languages: LanguageModels | None = None  # None: English alone
    turn_end: TurnEndJudge | None = None  # None where the engine hears: silence alone ends turns
    voices: VoiceEncoder | None = None  # describes voices; None where the engine hears
    captioner: Captioner | None = None  # for an engine that cannot see
    delegate: LargerModel | None = None  # a larger model that answers what the engine passes on
    local_delegate: LocalDelegate | None = None  # its process, where it runs on this machine
    tools: tuple[Tool, ...] = ()  # the user's functions and those of MCP servers, for an engine that calls functions
    mcp: McpServers | None = None
    library: LibraryService | None = None  # the user's documents
    embed: Embed | None = None  # for documents that are shown in calls, on their thread; loads itself at first use
    measuring: Callable[[Callable[[], Engine]], Measurement] = unmeasured  # from the engine's registry entry
    remarks: tuple[str, ...] = ()  # what was missing when the parts were opened
    _cost: Cost | None = None  # of units, where they were measured

    async def measure(self) -> None:
        """Measure how many sessions this machine can run; takes some seconds of the engine's heaviest work.

        Comes before the first session; without it the setup's number counts.
        """
        found = await self.threads.llm.run(self.measuring, self.new_engine)
        if found.units is not None:
            self._cost, self.capacity = found.units, Capacity.from_units(found.units)
        elif found.replies is not None:
            self.capacity = Capacity.from_replies(found.replies)
        await asyncio.to_thread(_return_free_memory)

    @cached_property
    def slots(self) -> Slots:
        """Batches the units of all sessions; those of an engine elsewhere go one by one."""
        model = self.new_engine
        if not isinstance(model, UnitModel):
            return OneByOne()
        run, compute_batch = self.threads.llm.run, model.compute_batch
        if self._cost is None:
            return UnitSlots(run, compute_batch)
        return UnitSlots(run, compute_batch, expected_s=self._cost.unit_seconds)

    @property
    def remark(self) -> str:
        """Sentences about what is missing; empty where nothing is."""
        own = self.new_engine.remark if isinstance(self.new_engine, UnitModel) else ""
        return "\n".join(filter(None, (own, *self.remarks)))

    def chat_engine(self, tools: tuple[Tool, ...] = ()) -> Engine:
        """A new engine for chat requests. Raises BadInput for `tools` where the engine calls no functions."""
        engine = (self.new_chat_engine or self.new_engine)()
        if tools and not engine.can.tools:
            raise BadInput(NO_FUNCTIONS)
        if isinstance(engine, TakesTools):
            # Outside of a call nobody can be asked for consent.
            given = {tool.name for tool in tools}
            own = tuple(tool for tool in self.tools if tool.name not in given and not tool.asks)
            safe = (*own, *(tool for tool in tools if not tool.asks))
            engine.equip(Toolbox(user_tools=safe, in_background=off_the_loop))
        return engine

    @property
    def busy_s(self) -> float:
        """Seconds for which the longest running step of a needed model has been running."""
        return max(thread.busy_s for thread in self.threads.needed)

    def close(self) -> None:
        """Closes servers and every thread; waits for running steps as `close_all` does."""
        if self.mcp is not None:
            self.mcp.close()
        if self.languages is not None:
            self.languages.close()
        if self.library is not None:
            self.library.close()
        if self.local_delegate is not None:
            self.local_delegate.close()
        close_all(self.threads.all())


def _open_asr(setup: Setup, store: WeightStore) -> tuple[VoiceActivityDetector, Recogniser | None]:
    """The VAD, which every setup uses, and the recogniser, which writes captions where the engine hears."""
    activity = VoiceActivityDetector(store.path(VAD))
    needed = component("asr", setup.asr).weights
    if setup.capabilities.hears and len(present(store, needed)) < len(needed):
        return activity, None
    return activity, _opened("asr", setup.asr, store)


def _open_turn_end(setup: Setup, store: WeightStore) -> TurnEndJudge | None:
    if setup.capabilities.hears:
        return None
    judge = SmartTurn(store.path(TURN_END))
    judge.warm_up()
    return judge


def _open_voices(setup: Setup, store: WeightStore) -> VoiceEncoder | None:
    return None if setup.capabilities.hears else SpeakerEncoder(store.path(VOICES))


def _open_vision(setup: Setup, store: WeightStore) -> VisionModels | None:
    if setup.capabilities.sees:
        return None
    detector, reader = _opened("detectors", setup.detector, store), Reader()
    reader.warm_up()
    return VisionModels(detector=detector, reader=reader, namer=_opened("namers", setup.namer, store))


def _open_voice(setup: Setup, store: WeightStore) -> VoiceModel | None:
    if not setup.needs_voice:
        return None
    voice: VoiceModel = _opened("tts", setup.tts, store)
    return voice


def _opened(role: Role, name: str, store: WeightStore) -> Any:
    """The model of a role, loaded and warmed up. Raises BadInput, WeightsError."""
    model = component(role, name)
    opened = model.open({each: store.path(each) for each in model.weights})
    opened.warm_up()
    return opened


def _open_captioner(setup: Setup) -> Captioner | None:
    """The captioner of the setup, if any. Raises BadInput where its model cannot describe pictures."""
    if setup.captioner is None:
        return None
    from dialogue.image_text.captioner import open_captioner

    return open_captioner(setup.captioner.model_path, setup.captioner.precision, setup.captioner.device)


def live_and_chat(factory: Callable[[], Engine]) -> tuple[Callable[[], Engine], Callable[[], Engine] | None]:
    """The factories of engines for calls, and for chat requests where they differ."""
    return (factory.live, factory.chat) if isinstance(factory, EngineFactories) else (factory, None)


def _return_free_memory() -> None:
    """Gives the system what loading has freed, some 100 MB, where the C library can (glibc)."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def off_the_loop(call: Callable[[], Any]) -> Any:
    """Runs a function of the user on a thread; an async one is awaited."""
    result = await asyncio.to_thread(call)
    return await result if inspect.isawaitable(result) else result


async def _prepare_tools(setup: Setup, engine: Engine, tools: tuple[Tool, ...], servers: McpServers) -> tuple[str, ...]:
    """Has the model read the tools of calls; returns sentences about those that are missing. Raises BadInput for tools
    that the model cannot use, now or later."""
    if engine.can.tools:
        if isinstance(engine, PreparesTools):
            delegates, has_library = setup.delegate is not None, setup.library is not None
            engine.equip(usual_toolbox(tools, delegates=delegates, has_library=has_library))
            await engine.prepare()
        return servers.problems
    if not (setup.tools or setup.mcp):
        return ()
    if setup.upgrade is None:
        raise BadInput(NO_FUNCTIONS)
    return ("Functions are called once the larger model is ready.",)


def _no_captions(setup: Setup) -> str:
    return (
        f"The call has no captions, and the log has no words for speech; fetch the recogniser with "
        f"`omnilive models pull {setup.asr}`."
    )


async def open_parts(setup: Setup, store: WeightStore, on_progress: OnProgress = lambda *_: None) -> Parts:
    """Load and warm up everything that `setup` needs. Raises WeightsError, ValueError, OSError, with threads closed."""
    done = 0

    async def opened(part: str, thread: DeviceThread, load: Callable[..., T], *args: object) -> T:
        nonlocal done
        result = await thread.run(load, *args)
        done += 1
        on_progress(part, done, 4)
        return result

    hears = setup.capabilities.hears
    with ExitStack() as unless_ready:
        # With an engine that hears, ASR only writes captions, which may be late.
        threads = Threads(asr=DeviceThread("asr", BACKGROUND_NICENESS)) if hears else Threads()
        for thread in threads.all():
            unless_ready.callback(thread.close)
        async with asyncio.TaskGroup() as tasks:
            asr = tasks.create_task(opened("asr", threads.asr, _open_asr, setup, store))
            vision = tasks.create_task(opened("vision", threads.vision, _open_vision, setup, store))
            voice = tasks.create_task(opened("tts", threads.voice, _open_voice, setup, store))
            llm = tasks.create_task(opened("llm", threads.llm, open_llm, setup.engine, store, threads.llm.run))
            turn_end = tasks.create_task(threads.turn_end.run(_open_turn_end, setup, store))
            voices = tasks.create_task(threads.turn_end.run(_open_voices, setup, store))
            captioner = tasks.create_task(threads.captioner.run(_open_captioner, setup))
            delegate = tasks.create_task(asyncio.to_thread(open_delegate, setup.delegate))
            servers = McpServers(setup.mcp)
            unless_ready.callback(servers.close)
            mcp_tools = tasks.create_task(servers.open())
        activity, transcriber = asr.result()
        live, chat = live_and_chat(llm.result())
        tools = (*setup.tools, *mcp_tools.result())
        remarks = await _prepare_tools(setup, live(), tools, servers)
        languages = await open_languages(setup.language, store, threads.languages)
        library = await asyncio.to_thread(open_library, setup.library, store)
        unless_ready.pop_all()
    await asyncio.to_thread(_return_free_memory)
    return Parts(
        voice_activity=activity,
        transcriber=transcriber,
        voice=voice.result(),
        vision_models=vision.result(),
        new_engine=live,
        threads=threads,
        new_echo_canceller=EchoCanceller,
        new_chat_engine=chat,
        languages=languages,
        turn_end=turn_end.result(),
        voices=voices.result(),
        captioner=captioner.result(),
        delegate=delegate.result()[0],
        local_delegate=delegate.result()[1],
        tools=tools,
        mcp=servers,
        library=library,
        embed=next((SentenceEmbedder(path).embed for path in present(store, (EMBEDDER,)).values()), None),
        measuring=entry_of(setup.engine).measure,
        remarks=(*((_no_captions(setup),) if transcriber is None else ()), *remarks),
    )
