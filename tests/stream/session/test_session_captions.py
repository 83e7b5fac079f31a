"""Models that hear, with the real VAD and transcriber: speech is captioned and logged."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from audio.resample import resample_whole
from dialogue.memory.event_log import Event
from dialogue.minicpm.kind import Kind
from stream.models.model_choice import with_engine, with_model
from stream.models.parts import open_parts
from stream.models.setup import Setup
from stream.models.weights import WeightStore
from stream.runtime.events import Notice, ReplyEnded, UserCaption
from tests.browser.made_media import RATE_HZ, spoken
from tests.dialogue.minicpm.biased_checkpoint import write_biased_checkpoint
from tests.loaded_once import models_loaded_once
from tests.stream.omni_calls import OmniCall, logged
from tests.virtual_time import run_in_virtual_time

__all__ = ["models_loaded_once"]

FACT, QUESTION = "My bicycle is green and stands in the garden.", "Where is my bicycle?"
KINDS = [Kind.O26, Kind.O45]


def said(text: str) -> np.ndarray:
    return resample_whole((spoken(text) / 32768).astype(np.float32), RATE_HZ, 16_000)


def talk(setup: Setup, weights: WeightStore, pause_s: float, seconds_after: float) -> OmniCall:
    """The fact, a pause, the question, then `seconds_after` with a camera."""

    async def whole() -> OmniCall:
        parts = await open_parts(setup, weights)
        call = OmniCall("live", parts, 0, setup)
        async with call.running():
            await call.lasts(1.0, 0.0005)
            for text in (FACT, QUESTION):
                call.show()
                await call.plays(said(text))
                await call.lasts(pause_s, 0.0005)
            for _ in range(round(seconds_after)):
                call.show()
                await call.lasts(1.0, 0.0005)
            call.logged = logged(call.engine)
        parts.close()
        return call

    return run_in_virtual_time(whole(), until=600)


def words(captions: list[UserCaption]) -> str:
    return " ".join(caption.text for caption in captions).lower()


def of(call: OmniCall, *kinds: str) -> list[Event]:
    return [event for event in call.logged if event.kind in kinds]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_said_is_captioned_and_in_the_log(kind: Kind, weights: WeightStore, tmp_path: Path) -> None:
    model = write_biased_checkpoint(kind, tmp_path / "model")
    call = talk(with_model(model, "float32"), weights, 6.0, 4.0)
    captions = call.of(UserCaption)
    assert all(caption.final and not caption.typed for caption in captions)
    assert "bicycle is green" in words(captions)
    assert "where is my bicycle" in words(captions)
    assert not call.of(Notice)
    spoken_lines = of(call, "told", "asked")
    assert [event.text for event in spoken_lines] == [caption.text for caption in captions]
    assert spoken_lines[0].kind == "told" and spoken_lines[-1].kind == "asked"
    assert spoken_lines[0].at == pytest.approx(1.0, abs=0.4)
    assert all(earlier.until <= later.at + 0.4 for earlier, later in pairwise(spoken_lines))
    heard = [reply.heard for reply in call.of(ReplyEnded) if reply.heard.strip()]
    assert [event.text for event in of(call, "said")] == heard


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_lines_of_evicted_seconds_have_their_transcript(kind: Kind, weights: WeightStore, tmp_path: Path) -> None:
    model = write_biased_checkpoint(kind, tmp_path / "model")
    setup = with_engine(with_model(model, "float32"), context_tokens=384)
    call = talk(setup, weights, 4.0, 10.0)
    left = of(call, "left")
    assert len(left) == call.engine.context().dropped_blocks - unnoted(call)
    result = " ".join(event.text for event in left)
    assert "You: " in result and "bicycle is green" in result.lower()
    first = next(event for event in left if "You: " in event.text)
    line = of(call, "told")[0]
    # Words come late, so the line may belong to a later second of the utterance than the first.
    assert first.at < line.until and line.at < first.until
    assert [event.at for event in left] == sorted(event.at for event in left)


def unnoted(call: OmniCall) -> int:
    """Evicted tokens that frame turns and carry no words."""
    use = call.engine.context()
    return use.dropped.get("text", 0)
