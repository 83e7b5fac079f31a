"""Opens the engine of a setup without hearing, sight and voice: for requests of text alone, which then start sooner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dialogue.engine import Engine, EngineFactories
from dialogue.engines.registry import entry_of
from stream.models.open_llm import open_llm
from stream.models.setup import Setup
from stream.models.weights import WeightStore
from stream.runtime.device_thread import DeviceThread


def engine_weights(setup: Setup) -> list[str]:
    """The names of the weights that it needs."""
    return list(entry_of(setup.engine).weights)


@asynccontextmanager
async def engine_alone(setup: Setup, store: WeightStore) -> AsyncIterator[Callable[[], Engine]]:
    """Gives a factory of engines for requests. Raises WeightsError, BadInput, OSError."""
    thread = DeviceThread("llm")
    try:
        factory = await thread.run(open_llm, setup.engine, store, thread.run)
        yield factory.chat if isinstance(factory, EngineFactories) else factory
    finally:
        thread.close()
