"""The choice of the embedded LLM, on machines described by their numbers. Also tests `measured_pace.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.settings import EmbeddedSettings, LargerEmbeddedSettings
from dialogue.errors import BadInput
from dialogue.llm.native.loader import NativeMissing
from stream.models import default_llm
from stream.models.default_llm import LlmChoice, choice_of, with_chosen_llm
from stream.models.fetching.weight_sources import Weights
from stream.models.measured_pace import pace_path, remember_pace, remembered_pace
from stream.models.setup import SETUPS, Setup
from stream.models.weights import WeightStore
from tests.stream.toy_weights import SINGLE, weight_file

LAPTOP = SETUPS["laptop"]
ENOUGH = 8e9
TOY = Weights(LARGER_LLM, "talking", "MIT", "made here", (), (weight_file("toy.gguf", SINGLE),), "toy.gguf", False)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightStore:
    """A store that knows a small file as the larger model, on a machine with the compiled step."""
    monkeypatch.setattr(default_llm, "load_library", lambda: None)
    return WeightStore(tmp_path, [TOY])


def land(store: WeightStore) -> Path:
    """Put the file of the larger model into the store."""
    path = store.folder / LARGER_LLM / "toy.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(SINGLE)
    return path


def chosen(
    store: WeightStore,
    free_bytes: float = ENOUGH,
    memory_speed: Callable[[], float] = lambda: 1e10,
    choice: LlmChoice = "auto",
    upgrades: bool = False,
) -> Setup:
    return with_chosen_llm(LAPTOP, choice, store, free_bytes, memory_speed, upgrades=upgrades)


def never() -> float:
    raise AssertionError("the memory need not be measured")


def test_the_larger_model_runs_where_it_was_fast_enough(store: WeightStore) -> None:
    remember_pace(land(store), 11.6)
    setup = chosen(store, memory_speed=never)
    assert isinstance(setup.engine, LargerEmbeddedSettings)
    assert setup.llm_choice == "Qwen2.5-Coder-1.5B: 8 GB of memory are free, and it writes 12 tokens a second here"
    assert setup.upgrade is None


def test_a_model_that_was_too_slow_is_not_taken(store: WeightStore) -> None:
    remember_pace(land(store), 7.9)
    setup = chosen(store, memory_speed=never, upgrades=True)
    assert setup.engine == EmbeddedSettings()
    assert setup.upgrade is None
    assert setup.llm_choice == "SmolLM2-135M: Qwen2.5-Coder-1.5B wrote 7.9 tokens a second here, fewer than 8"


def test_little_memory_means_the_small_model(store: WeightStore) -> None:
    remember_pace(land(store), 30.0)
    setup = chosen(store, free_bytes=5.9e9, upgrades=True)
    assert setup.engine == EmbeddedSettings()
    assert setup.upgrade is None
    assert setup.llm_choice == "SmolLM2-135M: Qwen2.5-Coder-1.5B takes 6 GB of free memory, and 5.9 are free"


def test_a_slow_memory_and_a_missing_compiled_step_rule_out_the_download(
    store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = chosen(store, memory_speed=lambda: 2e9, upgrades=True)
    assert (slow.engine, slow.upgrade) == (EmbeddedSettings(), None)
    assert "would write about 2.0 tokens a second here" in slow.llm_choice

    def missing() -> None:
        raise NativeMissing("not built")

    monkeypatch.setattr(default_llm, "load_library", missing)
    assert chosen(store, memory_speed=never).llm_choice.endswith("too slow without the compiled decode step")


def test_a_server_begins_small_and_upgrades_where_the_larger_model_fits(store: WeightStore) -> None:
    setup = chosen(store, upgrades=True)
    assert (setup.engine, setup.upgrade) == (EmbeddedSettings(), LargerEmbeddedSettings())
    assert "SmolLM2-135M while Qwen2.5-Coder-1.5B is fetched" in setup.llm_choice
    land(store)
    setup = chosen(store, memory_speed=never, upgrades=True)
    assert (setup.engine, setup.upgrade) == (EmbeddedSettings(), LargerEmbeddedSettings())
    assert "is measured" in setup.llm_choice


def test_a_command_that_does_not_upgrade_takes_what_is_here(store: WeightStore) -> None:
    setup = chosen(store)
    assert (setup.engine, setup.upgrade) == (EmbeddedSettings(), None)
    assert f"omnilive models pull {LARGER_LLM}" in setup.llm_choice
    land(store)
    assert chosen(store).engine == LargerEmbeddedSettings()


def test_a_choice_overrides_the_machine(store: WeightStore) -> None:
    assert chosen(store, free_bytes=0, memory_speed=never, choice="large").engine == LargerEmbeddedSettings()
    remember_pace(land(store), 30.0)
    assert chosen(store, memory_speed=never, choice="small").engine == EmbeddedSettings()
    assert [choice_of(text) for text in ("", "auto", "small", "large")] == ["auto", "auto", "small", "large"]
    with pytest.raises(BadInput, match="auto, small or large, not 'huge'"):
        choice_of("huge")


def test_the_context_is_that_of_the_options(store: WeightStore) -> None:
    setup = with_chosen_llm(LAPTOP, "auto", store, ENOUGH, lambda: 1e10, 1024, upgrades=True)
    assert (setup.engine.context_tokens, setup.upgrade and setup.upgrade.context_tokens) == (1024, 1024)


def test_the_fastest_measurement_of_this_machine_is_remembered(store: WeightStore) -> None:
    model = land(store)
    assert remembered_pace(model) is None
    remember_pace(model, 9.0)
    remember_pace(model, 5.0)
    assert remembered_pace(model) == 9.0
    pace_path(model).write_text(pace_path(model).read_text().replace('"measured_on": ["', '"measured_on": ["other'))
    assert remembered_pace(model) is None, "another machine"
    pace_path(model).write_text("[]")
    assert remembered_pace(model) is None
