"""Continuous batching: replies equal to single ones, in fewer passes, and no session blocks another."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from dialogue.blocks import UnitBlock
from dialogue.engine import SoundDelta, TextDelta
from dialogue.engines.minicpm.minicpm_o26 import MiniCPMO26Engine, MiniCPMO26Model
from dialogue.llm.batching import Output, Stage, Stream, run_stream
from dialogue.llm.continuous_batching import AHEAD, PASSES, BatchMember, ContinuousBatch
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech import voice_o26
from dialogue.minicpm.speech.speech_o26 import SpeechDecoderO26
from tests.dialogue.conftest import run_here
from tests.dialogue.llm.test_batching import Passes
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.dialogue.minicpm.session_inputs import picture, second


@pytest.fixture(autouse=True)
def few_voice_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights do not know when to end a sentence."""
    monkeypatch.setattr(voice_o26, "MAX_STEPS", 300)


@pytest.fixture(scope="module")
def biased(tmp_path_factory: pytest.TempPathFactory) -> MiniCPM:
    """A checkpoint whose replies are letters."""
    return open_model(write_biased_checkpoint(Kind.O26, tmp_path_factory.mktemp("biased")))


def shared(model: MiniCPM) -> MiniCPMO26Model:
    return MiniCPMO26Model(model, run_here, context_tokens=384, sampling=GREEDY, seed=3)


async def asked(model: MiniCPMO26Model, number: int) -> MiniCPMO26Engine:
    """One that has heard a unit or more, another one for each number."""
    engine = model()
    for past in range(1 + number % 2):
        await engine.feed(UnitBlock(second(10 * number + past), float(past), picture(number).rgb))
    return engine


def engines(model: MiniCPMO26Model, *numbers: int) -> list[MiniCPMO26Engine]:
    async def made() -> list[MiniCPMO26Engine]:
        return [await asked(model, number) for number in numbers]

    return asyncio.run(made())


def answer(engine: MiniCPMO26Engine) -> Stream[TextDelta | Tensor]:
    assert engine._session is not None
    return engine._answer(engine._session)


def text_and_sound(made: Sequence[TextDelta | Tensor]) -> tuple[str, Tensor]:
    text = "".join(each.text for each in made if isinstance(each, TextDelta))
    return text, torch.cat([torch.zeros(0), *(each for each in made if isinstance(each, Tensor))])


def by_turns(
    passes: ContinuousBatch, parts: Sequence[BatchMember[TextDelta | Tensor]]
) -> list[list[TextDelta | Tensor]]:
    """One turn of each, again and again, as threads that serve in order do it."""
    made: list[list[TextDelta | Tensor]] = [[] for _ in parts]
    going = dict(enumerate(parts))
    while going:
        for number, part in [*going.items()]:
            more = passes.run_turn(part)
            if more is None:
                passes.leave(going.pop(number))
            else:
                made[number] += more
    return made


def test_batched_replies_equal_single_ones(biased: MiniCPM) -> None:
    model = shared(biased)
    want = [text_and_sound([*run_stream(answer(engine))]) for engine in engines(model, 1, 2)]
    passes = ContinuousBatch()
    got = by_turns(passes, [passes.join(answer(engine)) for engine in engines(model, 1, 2)])
    for (text, sound), made in zip(want, got, strict=True):
        assert text_and_sound(made)[0] == text != ""
        torch.testing.assert_close(text_and_sound(made)[1], sound, atol=1e-4, rtol=1e-4)
        assert len(sound) > 1000
    assert want[0] != want[1]


def test_replies_that_begin_together_share_every_pass(biased: MiniCPM, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, steps, decode = Passes(biased.decoder), list[int](), SpeechDecoderO26.decode_codes

    def spoken(voice: SpeechDecoderO26, states: Sequence[Any], *rest: Any) -> Sequence[Tensor]:
        steps.append(len(states))
        return decode(voice, states, *rest)

    monkeypatch.setattr(SpeechDecoderO26, "decode_codes", spoken)
    model = shared(replace(biased, decoder=counted))  # type: ignore[arg-type]  # a wrapper that counts
    made = engines(model, 2, 2)
    counted.sizes.clear()
    passes = ContinuousBatch()
    by_turns(passes, [passes.join(answer(engine)) for engine in made])
    assert counted.sizes.count(1) == 2, "the first has begun before the other has come; it meets it at its voice"
    assert set(steps) == {2}


def test_a_session_that_joins_late_is_batched(biased: MiniCPM) -> None:
    model = shared(biased)
    first, late = engines(model, 1, 2)
    want = text_and_sound([*run_stream(answer(engines(model, 2)[0]))])
    passes = ContinuousBatch()
    going = passes.join(answer(first))
    for _ in range(7):
        passes.run_turn(going)
    got = by_turns(passes, [going, passes.join(answer(late))])[1]
    assert text_and_sound(got)[0] == want[0]
    torch.testing.assert_close(text_and_sound(got)[1], want[1], atol=1e-4, rtol=1e-4)


def test_a_session_that_leaves_is_in_no_further_pass(biased: MiniCPM) -> None:
    model = shared(biased)
    gone, staying = engines(model, 1, 2)
    want = text_and_sound([*run_stream(answer(engines(model, 2)[0]))])
    passes = ContinuousBatch()
    parts = [passes.join(answer(engine)) for engine in (gone, staying)]
    made = [each for _ in range(6) for part in parts for each in passes.run_turn(part) or ()]
    assert made
    passes.leave(parts[0])
    assert gone._session is not None
    length, sound = gone._session.cache.length, []
    while (more := passes.run_turn(parts[1])) is not None:
        sound += [each for each in more if isinstance(each, Tensor)]
    assert gone._session.cache.length == length
    torch.testing.assert_close(sound[-1], want[1][-len(sound[-1]) :], atol=1e-4, rtol=1e-4)


def test_an_error_reaches_only_the_session_that_caused_it(biased: MiniCPM) -> None:
    model = shared(biased)
    broken, whole = engines(model, 1, 2)
    want = text_and_sound([*run_stream(answer(engines(model, 2)[0]))])
    assert broken._session is not None
    passes = ContinuousBatch()
    parts = [passes.join(answer(engine)) for engine in (broken, whole)]
    begun = [passes.run_turn(part) or [] for part in parts]
    cache = broken._session.cache
    cache.storage = cache.storage[..., : cache.length, :]
    cache._keys, cache._values = [], []
    passes_of_other = list(begun[1])
    with pytest.raises(IndexError):
        while True:
            passes.run_turn(parts[0])
            passes_of_other += passes.run_turn(parts[1]) or []
    passes.leave(parts[0])
    while (more := passes.run_turn(parts[1])) is not None:
        passes_of_other += more
    assert text_and_sound(passes_of_other)[0] == want[0]


def test_closing_a_reply_removes_it_from_the_batch(biased: MiniCPM) -> None:
    model = shared(biased)

    async def broken_off() -> None:
        engine = await asked(model, 1)
        before = await engine.mark()
        replying = engine.reply()
        assert isinstance(await anext(replying), TextDelta)
        await replying.aclose()
        assert not model.answers._parts
        await engine.rewind(before)
        again = [each async for each in engine.reply()]
        fresh = [each async for each in (await asked(model, 1)).reply()]
        assert [each for each in again if isinstance(each, TextDelta)] == [
            each for each in fresh if isinstance(each, TextDelta)
        ]
        assert any(isinstance(each, SoundDelta) for each in again)

    asyncio.run(broken_off())


@dataclass(eq=False)
class CountedRequest:
    """A request that only counts."""

    stage: Stage
    log: list[Stage] = field(default_factory=list)

    def batch_key(self) -> Hashable:
        return self.stage

    def compute_batch(self, requests: Sequence[CountedRequest]) -> Sequence[None]:
        self.log.append(self.stage)
        return [None] * len(requests)


def endless(stage: Stage, log: list[Stage], every: int) -> Stream[int]:
    """An endless stream with an output after every `every` requests."""
    count = 0
    while True:
        for _ in range(every):
            yield CountedRequest(stage, log)
        count += 1
        yield Output(count)


def test_an_endless_stream_does_not_block_another() -> None:
    passes, log = ContinuousBatch(), list[Stage]()
    thinks = passes.join(endless(Stage.THINK, log, every=1000))
    speaks = passes.join(endless(Stage.SPEAK, log, every=3))
    passes.run_turn(thinks)
    made = [each for _ in range(6) for each in passes.run_turn(speaks) or ()]
    assert made == [1, 2]
    assert log.count(Stage.SPEAK) == 6


def test_outputs_that_are_not_fetched_are_computed_only_a_few_ahead() -> None:
    passes, log = ContinuousBatch(), list[Stage]()
    slow, quick = (passes.join(endless(Stage.THINK, log, every=1)) for _ in range(2))
    passes.run_turn(slow)
    for _ in range(20):
        passes.run_turn(quick)
    assert len(slow.made) == AHEAD
    assert passes.run_turn(slow) == [2, 3, 4, 5]


def test_a_single_stream_never_waits() -> None:
    passes, log = ContinuousBatch(), list[Stage]()
    alone = passes.join(endless(Stage.THINK, log, every=1))
    assert [passes.run_turn(alone) for _ in range(3)] == [[1], [2], [3]]
    assert len(log) == 3
    long = passes.join(endless(Stage.SPEAK, log, every=2 * PASSES))
    passes.leave(alone)
    assert [passes.run_turn(long) for _ in range(2)] == [[], [1]]
