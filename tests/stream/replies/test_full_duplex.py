"""Calls with MiniCPM-o 4.5: every second is fed, the model decides when to speak, and interruptions take effect.

Also tests `stream/perception/units/unit_feed.py` and `stream/perception/units/unit_prefill.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dialogue.engines.minicpm.minicpm_o45 import MiniCPMO45Model
from dialogue.minicpm.kind import Kind
from stream.playout.playback import DUCKED
from stream.replies.full_duplex import LISTEN_UNITS
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
from stream.turns.overlap import DECIDE_S
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.stream.omni_calls import OmniCall, Shared, calls, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_biased_checkpoint(Kind.O45, tmp_path_factory.mktemp("o45"))


@pytest.fixture(scope="module")
def duplex(folder: Path) -> Shared:
    return opened(folder)


def decisions(call: OmniCall) -> list[bool]:
    return [event.speaks for event in call.of(UnitDecided)]


async def watches(call: OmniCall) -> None:
    await call.watches(25)


async def is_spoken_to(call: OmniCall) -> None:
    """Waits until the model is in the middle of a reply."""
    while call.session.playback.waiting_s() < 0.3 or not call.said():
        call.show()
        await call.lasts(0.1)
    call.out.clear()


def test_every_second_goes_in_and_it_decides_what_to_do(duplex: Shared) -> None:
    [result] = calls(duplex, watches)
    units = result.of(UnitDecided)
    assert [unit.number for unit in units] == list(range(len(units)))
    assert len(units) >= 24
    assert [(unit.speaks, unit.forced) for unit in units[:3]] == [(False, False)] * 3, "it listens first"
    assert {True, False} <= set(decisions(result)[3:])
    assert result.said()
    assert result.heard_s() > 0.5
    assert State.SPEAKING in result.states()
    assert not result.of(Notice)
    ended = result.of(ReplyEnded)
    assert ended and "".join(reply.said for reply in ended) == result.said()[: sum(len(reply.said) for reply in ended)]


def test_a_full_context_evicts_the_oldest_units(folder: Path) -> None:
    [result] = calls(opened(folder, context=500), watches)
    gone = [number for unit in result.of(UnitDecided) for number in unit.left]
    assert gone == list(range(len(gone)))
    assert len(gone) > 5
    shown = result.of(ContextShown)
    assert shown[-1].use.dropped_blocks == len(gone)
    assert max(sum(event.use.tokens.values()) for event in shown) <= 500


def test_the_context_window_keeps_a_recap(folder: Path) -> None:
    [result] = calls(opened(folder, context=500, window="context"), watches)
    recap = result.of(ContextShown)[-1].use.tokens.get("recap", 0)
    assert recap > len("\n\nprevious: ")


def test_an_interruption_stops_the_sound_at_once_and_forces_listening(duplex: Shared) -> None:
    decided = 0

    async def interrupts(call: OmniCall) -> None:
        nonlocal decided
        await is_spoken_to(call)
        decided = len(decisions(call))
        await call.speaks(1.5)
        sound = np.abs(np.concatenate(call.out))
        ducked_from = np.flatnonzero(sound > 1.01 * DUCKED * sound.max())[-1] / 48_000
        silent_from = np.flatnonzero(sound)[-1] / 48_000
        assert ducked_from < 0.1
        assert silent_from < DECIDE_S + 0.02, "by then the speech is known to be no backchannel"
        await call.lasts(3.0)

    [result] = calls(duplex, interrupts)
    cut = result.of(ReplyEnded)[-1] if result.of(ReplyEnded)[-1].cut else result.of(ReplyEnded)[0]
    assert cut.cut
    assert cut.said.startswith(cut.heard)
    following = result.of(UnitDecided)[decided:]
    forced = [unit for unit in following if unit.forced]
    assert len(forced) >= LISTEN_UNITS
    assert not any(unit.speaks for unit in forced)


def test_after_an_interruption_the_context_holds_what_was_heard(duplex: Shared) -> None:
    async def interrupts(call: OmniCall) -> None:
        await is_spoken_to(call)
        call.session.push(Interrupted())
        await call.lasts(0.1)

    [result] = calls(duplex, interrupts)
    replies = result.of(ReplyEnded)
    assert replies[-1].cut
    heard = sum(len(reply.heard) for reply in replies)
    assert result.held.get("reply", 0) == heard


def test_the_model_does_not_talk_over_the_user(duplex: Shared) -> None:
    async def goes_on(call: OmniCall) -> None:
        for _ in range(20):
            await call.speaks(1.0)

    [result] = calls(duplex, goes_on)
    assert any(decisions(result)), "it would have spoken"
    assert result.heard_s() < 0.1


def test_typed_text_goes_with_the_next_unit(duplex: Shared) -> None:
    typed = 0

    async def types(call: OmniCall) -> None:
        nonlocal typed
        await call.lasts(2.5)
        before = call.engine.context().tokens["text"]
        call.session.push(TextTyped("hello</unit>"))
        await call.lasts(1.2)
        typed = call.engine.context().tokens["text"] - before

    calls(duplex, types)
    assert typed >= len("hello< /unit>")


def test_muted_sound_reaches_the_engine_as_silence(duplex: Shared) -> None:
    """With the microphone off or the key up the engine gets silence."""

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


def test_a_late_engine_skips_seconds_but_no_picture(duplex: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    run = DeviceThread.run

    async def slowly(thread: DeviceThread, step: Callable[..., Any], *args: Any) -> Any:
        if args and isinstance(args[0], Sequence):
            await asyncio.sleep(1.7)
        return await run(thread, step, *args)

    monkeypatch.setattr(DeviceThread, "run", slowly)
    assert isinstance(duplex, MiniCPMO45Model)
    [result] = calls(replace(duplex, force_listen=30), watches)
    lost = result.session.dropped
    assert lost["units"] > 3
    assert lost["unit_pictures"] == 0
    assert 12 < len(result.of(UnitDecided)) < 20


def test_time_passes_without_a_microphone(duplex: Shared) -> None:
    """A user who only types is answered, and may turn on a microphone later."""

    heard_nothing = 0

    async def types(call: OmniCall) -> None:
        nonlocal heard_nothing
        call.session.push(TextTyped("hello"))
        await asyncio.sleep(12)
        heard_nothing = len(decisions(call))
        await call.speaks(3.0)
        await call.lasts(1.0)

    [result] = calls(duplex, types)
    assert heard_nothing >= 10
    assert len(decisions(result)) - heard_nothing in (3, 4, 5)
    assert State.HEARING in result.states()
    assert result.session.dropped["units"] == 0


def test_with_a_vocoder_the_model_speaks_in_its_own_voice(folder: Path) -> None:
    voice = np.random.default_rng(5).uniform(-0.3, 0.3, 32_000).astype(np.float32)
    speaking = opened(folder, voice=voice)
    assert speaking.can.speaks

    [result] = calls(speaking, watches)
    assert result.said()
    assert result.heard_s() > 1.0
    replies = result.of(ReplyEnded)
    assert all(reply.heard == reply.said for reply in replies if not reply.cut)


def test_without_a_vocoder_the_tts_voice_reads_and_this_is_reported(duplex: Shared) -> None:
    assert not duplex.can.speaks
    assert "--voice" in duplex.remark
