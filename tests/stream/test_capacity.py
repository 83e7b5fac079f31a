"""What a server says about how many conversations it holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import torch

from dialogue.choose_token import Sampling
from dialogue.minicpm.duplex import Duplex, Said, Second
from dialogue.minicpm.duplex_rule import Manner
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.opening import open_model
from dialogue.minicpm.speech_o45 import SpeechDecoder
from dialogue.minicpm.tiny import write_tiny
from stream.capacity import Capacity, capacity_of
from stream.device_thread import DeviceThread
from stream.duplex_slots import open_duplex_slots
from stream.setup import SETUPS
from tests.dialogue.minicpm.sessions import picture, second


@dataclass
class Measured:
    fit: int
    each_s: float

    def seconds(self, sessions: int) -> float:
        return sessions * self.each_s

    def sessions(self) -> int:
        return self.fit


@dataclass
class Parts:
    capacity: Capacity | None = None


def test_what_was_measured_goes_before_what_the_setup_says() -> None:
    laptop = SETUPS["laptop"]
    assert capacity_of(Parts(), laptop).sessions == laptop.capacity
    assert capacity_of(Parts(Capacity.measured(Measured(5, 0.1))), laptop).sessions == 5


def test_a_machine_that_cannot_keep_up_takes_one_and_says_so() -> None:
    capacity = Capacity.measured(Measured(0, 3.1))
    assert capacity.sessions == 1
    assert "3.1 s" in capacity.about


def test_slots_are_opened_with_a_model_and_compute_its_sessions(tmp_path: Path) -> None:
    model = open_model(write_tiny(Kind.O45, tmp_path / "o45"))

    def session() -> Duplex:
        assert isinstance(model.voice, SpeechDecoder)
        made = Duplex(model, model.voice, manner=Manner(Sampling(penalty=1.05)), choose_code=best)
        made.prepare(reference=second(77))
        return made

    def best(_logits: torch.Tensor, probabilities: torch.Tensor) -> int:
        return int(probabilities.argmax())

    async def story(thread: DeviceThread) -> tuple[Capacity, list[Said]]:
        slots, capacity = await open_duplex_slots(thread.run, model, context=128)
        sessions = [await thread.run(session) for _ in range(2)]
        units = [Second(second(seed), [picture(seed)]) for seed in (1, 2)]
        work = [slots.compute(each, unit, 1.0) for each, unit in zip(sessions, units, strict=True)]
        return capacity, await asyncio.gather(*work)

    with DeviceThread("model") as thread:
        capacity, said = asyncio.run(story(thread))
    assert capacity.sessions >= 1
    for seed, one in zip((1, 2), said, strict=True):
        alone = session()
        alone.hear(second(seed), [picture(seed)])
        assert alone.say().tokens == one.tokens
