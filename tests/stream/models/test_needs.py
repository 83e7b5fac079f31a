"""The weights of a setup: nothing is fetched or opened for what the engine does itself.

Also tests `components.py`, `model_choice.py`, `open_library.py` and `parts.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dialogue.engines.settings import MiniCPMO45Settings
from dialogue.errors import BadInput
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from stream.models.model_choice import with_engine, with_model
from stream.models.needs import weights_needed
from stream.models.parts import open_parts
from stream.models.setup import SETUPS
from stream.models.weights import WeightStore
from tests.virtual_time import run_in_virtual_time

ASR, VAD, TURN_END, VOICES = "whisper-tiny.en", "silero-vad", "smart-turn-v3.2", "resemblyzer-ge2e"


def test_the_laptop_needs_every_set_and_so_does_a_remote_server_whose_stand_in_is_embedded(
    weights: WeightStore,
) -> None:
    everything = set(weights.default_names())
    assert set(weights_needed(SETUPS["laptop"], weights)) == everything
    assert set(weights_needed(SETUPS["remote"], weights)) == everything


def test_a_chosen_language_needs_its_models(weights: WeightStore) -> None:
    own = {"whisper-base", "kokoro-82m", "kokoro-voices"}
    assert own <= set(weights_needed(replace(SETUPS["laptop"], language="zh"), weights))
    for language in ("auto", "en"):
        assert not own & set(weights_needed(replace(SETUPS["laptop"], language=language), weights))


@pytest.mark.parametrize(
    ("kind", "needed"),
    [(Kind.V26, {ASR, VAD, TURN_END, VOICES}), (Kind.O26, {VAD}), (Kind.O45, {VAD})],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_a_users_model_needs_only_the_weights_for_what_it_lacks(
    kind: Kind, needed: set[str], weights: WeightStore, tmp_path: Path
) -> None:
    setup = with_model(write_tiny(kind, tmp_path / "model"), "float32")
    assert set(weights_needed(setup, weights)) == needed
    parts = run_in_virtual_time(open_parts(setup, weights))
    try:
        assert parts.transcriber is not None, "it writes captions where the engine hears"
        assert parts.vision_models is None
        assert (parts.voice is None) == (kind is Kind.O26), "o 4.5 was given no voice to speak with"
        assert parts.new_engine().can.hears == (ASR not in needed)
        assert bool(parts.remark) == (kind is Kind.O45)
    finally:
        parts.close()


def test_without_asr_weights_there_are_no_captions_and_this_is_reported(weights: WeightStore, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / VAD).symlink_to(weights.folder / VAD)
    model = write_tiny(Kind.O26, tmp_path / "model")
    setup = with_model(model, "float32")
    parts = run_in_virtual_time(open_parts(setup, WeightStore(tmp_path)))
    try:
        assert parts.transcriber is None
        assert ASR in parts.remark
    finally:
        parts.close()


def test_the_window_is_a_setting_of_the_duplex_engine_alone(tmp_path: Path) -> None:
    setup = with_model(write_tiny(Kind.O45, tmp_path / "model"))
    assert isinstance(setup.engine, MiniCPMO45Settings)
    assert setup.engine.window == "basic"
    changed = with_engine(setup, window="context").engine
    assert isinstance(changed, MiniCPMO45Settings) and changed.window == "context"
    with pytest.raises(BadInput, match="has no window"):
        with_engine(SETUPS["laptop"], window="context")
