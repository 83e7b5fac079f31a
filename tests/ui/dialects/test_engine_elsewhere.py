"""Calls whose engine is a realtime server: our own, in a second process, in each dialect, with its real models."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from audio.chunk import Samples
from audio.resample import Resampler, resample_whole
from dialogue.engine import Engine
from dialogue.engines.entry import EngineResources
from dialogue.engines.registry import open_engine
from dialogue.engines.settings import RealtimeSettings
from stream.models.parts import Parts, open_parts
from stream.models.setup import Setup
from stream.models.weights import WeightStore
from stream.runtime.events import ReplyEnded
from stream.session.session import Session
from tests.browser.made_media import RATE_HZ, spoken
from tests.browser.served import ServerProcess
from tests.stream.calls import SessionCall

WITHIN_S = 90.0  # long, for a loaded machine
TRIES = 3
ADDRESSES = {
    "openai": "v1",
    "live": "v1/live/sessions",
    "minicpm": "v1/realtime?mode=audio&model=any",
}


def setup_for(url: str) -> Setup:
    return Setup("elsewhere", RealtimeSettings(url=url), "a server, for tests")


@pytest.fixture(scope="module")
def parts(server: ServerProcess, weights: WeightStore) -> Iterator[Parts]:
    opened = asyncio.run(open_parts(setup_for(server.url), weights))
    yield opened
    opened.close()


def said(text: str) -> np.ndarray:
    return resample_whole((spoken(text) / 32768).astype(np.float32), RATE_HZ, 16_000)


def engine_of(setup: Setup) -> Callable[[], Engine]:
    def resampling(rate_in: int, rate_out: int) -> Callable[[Samples], Samples]:
        return Resampler(rate_in, rate_out).push

    return open_engine(setup.engine, EngineResources(run_here, resampling=resampling))


async def run_here(step: Any, *arguments: Any) -> Any:
    raise AssertionError("no model runs here")


async def asked(parts: Parts, setup: Setup, question: str) -> SessionCall:
    """A call in real time: the question is spoken, and the reply heard to its end.

    Says it again, as people do, when the reply shows that the server understood something else.
    """
    call = SessionCall(Session("elsewhere", parts, setup))
    async with call.running():
        async with asyncio.timeout(WITHIN_S):
            await call.lasts(1.0)
            for asking in range(1, TRIES + 1):
                await call.plays(said(question))
                while len(call.of(ReplyEnded)) < asking:
                    await call.lasts(0.2)
                if is_answer(call.of(ReplyEnded)[-1].heard):
                    break
    return call


def is_answer(heard: str) -> bool:
    return "42" in heard or "forty" in heard


@pytest.mark.parametrize("dialect", ADDRESSES)
def test_a_spoken_question_is_answered_by_the_voice_of_the_server(
    dialect: str, server: ServerProcess, parts: Parts
) -> None:
    setup = setup_for(server.url + ADDRESSES[dialect])
    mine = replace(parts, new_engine=engine_of(setup))
    call = asyncio.run(asked(mine, setup, "What is six times seven?"))
    assert is_answer(call.of(ReplyEnded)[-1].heard)
    assert parts.transcriber is not None
    heard = parts.transcriber.transcribe(resample_whole(np.concatenate(call.out), 48_000, 16_000)).text
    assert is_answer(heard)
