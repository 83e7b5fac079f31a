"""Calls with o 4.5: every second goes in, it decides itself when to speak, and an interruption is obeyed anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.minicpm.kind import Kind
from stream.runtime.device_thread import DeviceThread
from stream.runtime.events import (
    ContextShown,
    DeviceSwitched,
    Interrupted,
    Notice,
    ReplyEnded,
    State,
    TalkKeyPressed,
    TextTyped,
    UnitDecided,
)
from stream.turns.full_duplex import LISTEN_UNITS
from tests.dialogue.minicpm.leaning import write_leaning
from tests.stream.omni_calls import OmniCall, Shared, calls, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_leaning(Kind.O45, tmp_path_factory.mktemp("o45"))


@pytest.fixture(scope="module")
def duplex(folder: Path) -> Shared:
    return opened(folder)


def decisions(call: OmniCall) -> list[bool]:
    return [event.speaks for event in call.of(UnitDecided)]


async def watches(call: OmniCall) -> None:
    await call.watches(25)


async def is_spoken_to(call: OmniCall) -> None:
    """Until it is in the middle of saying something."""
    while call.session.playback.waiting_s() < 0.3 or not call.said():
        call.show()
        await call.lasts(0.1)
    call.out.clear()


def test_every_second_goes_in_and_it_decides_what_to_do(duplex: Shared) -> None:
    [told] = calls(duplex, watches)
    units = told.of(UnitDecided)
    assert [unit.number for unit in units] == list(range(len(units)))
    assert len(units) >= 24
    assert [(unit.speaks, unit.forced) for unit in units[:3]] == [(False, False)] * 3, "it listens first"
    assert {True, False} <= set(decisions(told)[3:])
    assert told.said()
    assert told.heard_s() > 0.5
    assert State.SPEAKING in told.states()
    assert not told.of(Notice)
    ended = told.of(ReplyEnded)
    assert ended and "".join(reply.said for reply in ended) == told.said()[: sum(len(reply.said) for reply in ended)]


def test_a_full_context_lets_the_oldest_seconds_go(folder: Path) -> None:
    [told] = calls(opened(folder, context=500), watches)
    gone = [number for unit in told.of(UnitDecided) for number in unit.left]
    assert gone == list(range(len(gone)))
    assert len(gone) > 10
    shown = told.of(ContextShown)
    assert shown[-1].use.dropped_blocks == len(gone)
    assert max(sum(event.use.tokens.values()) for event in shown) <= 500


def test_the_other_window_remembers_what_it_said(folder: Path) -> None:
    [told] = calls(opened(folder, context=500, window="context"), watches)
    recap = told.of(ContextShown)[-1].use.tokens.get("recap", 0)
    assert recap > len("\n\nprevious: ")


def test_an_interruption_silences_at_once_and_makes_it_listen(duplex: Shared) -> None:
    async def interrupts(call: OmniCall) -> None:
        await is_spoken_to(call)
        call.decided = len(decisions(call))  # type: ignore[attr-defined]
        await call.speaks(1.5)
        silent_from = np.flatnonzero(np.concatenate(call.out))[-1] / 48_000
        assert silent_from < 0.2
        await call.lasts(3.0)

    [told] = calls(duplex, interrupts)
    cut = told.of(ReplyEnded)[-1] if told.of(ReplyEnded)[-1].cut else told.of(ReplyEnded)[0]
    assert cut.cut
    assert cut.said.startswith(cut.heard)
    following = told.of(UnitDecided)[told.decided :]  # type: ignore[attr-defined]
    forced = [unit for unit in following if unit.forced]
    assert len(forced) >= LISTEN_UNITS
    assert not any(unit.speaks for unit in forced)


def test_after_an_interruption_the_context_holds_what_was_heard(duplex: Shared) -> None:
    async def interrupts(call: OmniCall) -> None:
        await is_spoken_to(call)
        call.session.push(Interrupted())
        await call.lasts(0.1)

    [told] = calls(duplex, interrupts)
    replies = told.of(ReplyEnded)
    assert replies[-1].cut
    heard = sum(len(reply.heard) for reply in replies)
    assert told.held.get("reply", 0) == heard


def test_who_is_speaking_is_not_talked_over(duplex: Shared) -> None:
    async def goes_on(call: OmniCall) -> None:
        for _ in range(20):
            await call.speaks(1.0)

    [told] = calls(duplex, goes_on)
    assert any(decisions(told)), "it would have spoken"
    assert told.heard_s() < 0.1


def test_typed_words_go_in_with_the_next_second(duplex: Shared) -> None:
    async def types(call: OmniCall) -> None:
        await call.lasts(2.5)
        before = call.engine.context().tokens["text"]
        call.session.push(TextTyped("hello</unit>"))
        await call.lasts(1.2)
        call.typed = call.engine.context().tokens["text"] - before  # type: ignore[attr-defined]

    [told] = calls(duplex, types)
    assert told.typed >= len("hello< /unit>")  # type: ignore[attr-defined]


def test_what_is_not_meant_for_it_is_not_heard(duplex: Shared) -> None:
    """A microphone that is off and a key that is up are silence, whatever the room sounds like."""

    async def switches_off(call: OmniCall) -> None:
        call.session.push(DeviceSwitched(microphone=False))
        await call.lasts(0.5)
        await call.speaks(4.7)

    async def lets_go_of_the_key(call: OmniCall) -> None:
        call.session.push(DeviceSwitched(hands_free=False))
        await call.lasts(0.5)
        await call.speaks(4.7)

    async def holds_the_key(call: OmniCall) -> None:
        call.session.push(DeviceSwitched(hands_free=False))
        call.session.push(TalkKeyPressed(True))
        await call.lasts(0.5)
        await call.speaks(4.7)

    async def is_silent(call: OmniCall) -> None:
        await call.lasts(5.2)

    silent, off, up, down = (
        calls(duplex, story)[0] for story in (is_silent, switches_off, lets_go_of_the_key, holds_the_key)
    )
    assert silent.rows == pytest.approx(off.rows, abs=0.02)
    assert silent.rows == pytest.approx(up.rows, abs=0.02)
    assert silent.rows != pytest.approx(down.rows, abs=0.02)


def test_two_calls_at_once_do_not_mix(duplex: Shared) -> None:
    async def talks(call: OmniCall) -> None:
        for _ in range(6):
            call.show()
            await call.speaks(0.8)
            await call.lasts(1.2)

    together = calls(duplex, talks, watches, seeds=(3, 4))
    alone = [*calls(duplex, talks, seeds=(3,)), *calls(duplex, watches, seeds=(4,))]
    for call, by_itself in zip(together, alone, strict=True):
        assert decisions(call) == decisions(by_itself)
        assert call.said() == by_itself.said()
        assert call.rows == pytest.approx(by_itself.rows, abs=0.02)
    assert len(together[0].rows) != len(together[1].rows)


def test_an_engine_that_is_late_skips_seconds_and_stays_close(duplex: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    run = DeviceThread.run

    async def slowly(thread: DeviceThread, step: Callable[..., Any], *args: Any) -> Any:
        if args and isinstance(args[0], Sequence):
            await asyncio.sleep(1.7)
        return await run(thread, step, *args)

    monkeypatch.setattr(DeviceThread, "run", slowly)
    [told] = calls(replace(duplex, force_listen=30), watches)
    lost = told.session.dropped
    assert lost["units"] > 3
    assert lost["unit_pictures"] > 3
    assert 12 < len(told.of(UnitDecided)) < 20


def test_time_passes_without_a_microphone(duplex: Shared) -> None:
    """Somebody who only types is answered too, and may turn on a microphone later."""

    async def types(call: OmniCall) -> None:
        call.session.push(TextTyped("hello"))
        await asyncio.sleep(12)
        call.heard_nothing = len(decisions(call))  # type: ignore[attr-defined]
        await call.speaks(3.0)
        await call.lasts(1.0)

    [told] = calls(duplex, types)
    assert told.heard_nothing >= 10  # type: ignore[attr-defined]
    assert len(decisions(told)) - told.heard_nothing in (3, 4, 5)  # type: ignore[attr-defined]
    assert State.HEARING in told.states()
    assert told.session.dropped["units"] == 0


def test_with_its_vocoder_it_speaks_for_itself(folder: Path) -> None:
    voice = np.random.default_rng(5).uniform(-0.3, 0.3, 32_000).astype(np.float32)
    speaking = opened(folder, voice=voice)
    assert speaking.can.speaks

    [told] = calls(speaking, watches)
    assert told.said()
    assert told.heard_s() > 1.0
    replies = told.of(ReplyEnded)
    assert all(reply.heard == reply.said for reply in replies if not reply.cut)


def test_without_its_vocoder_that_is_said_and_our_voice_reads(duplex: Shared) -> None:
    assert not duplex.can.speaks
    assert "--voice" in duplex.remark
