"""Parity with the published implementations on golden data outside the repository, and tests of its runner.

The runner must never report a case as passed that was not compared completely.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dialogue.minicpm.vision.resampler import PerceiverResampler, position_table
from tests.golden.case import OUT
from tests.golden.expected import INFORMATIVE
from tests.golden.golden_parity import find_cases, main, run

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "goldens" / "public"
GOLDENS = Path(os.environ.get("OMNILIVE_GOLDENS", BESIDE_THE_CHECKOUT))
CASES = find_cases(GOLDENS)
MISSING = pytest.param(
    None,
    marks=pytest.mark.skip(reason="no golden data: put it beside the checkout or name its folder in OMNILIVE_GOLDENS"),
    id="all",
)
Lines = Callable[[], list[str]]


@pytest.mark.parametrize("folder", [pytest.param(case, id=case.name) for case in CASES] or [MISSING])
def test_golden_case(folder: Path) -> None:
    check = run(folder)
    assert not check.failures + check.notes, "\n".join([*check.failures, *check.notes])
    assert check.compared > 0


@pytest.mark.parametrize("number", ["02", "07", "10", "13"])
def test_every_expected_tensor_is_compared(number: str, tmp_path: Path) -> None:
    """With one wrong number in each tensor, as many comparisons fail as there are tensors."""
    found = [case for case in CASES if case.name.startswith(number)]
    if not found:
        pytest.skip("no golden data")
    folder = Path(shutil.copytree(found[0], tmp_path / "case"))
    tensors = load_file(folder / "io.safetensors")
    wanted = [name for name in tensors if name.startswith(OUT) and not INFORMATIVE.fullmatch(name.removeprefix(OUT))]
    for name in wanted:
        tensors[name].view(-1)[len(tensors[name].view(-1)) // 2] += 1
    save_file(tensors, folder / "io.safetensors")
    assert len(run(folder).failures) == len(wanted)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    def said() -> list[str]:
        return capsys.readouterr().out.splitlines()

    return said


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A small case made here: the resampler with random weights."""
    torch.manual_seed(5)
    part, sizes = PerceiverResampler(8, 128, 16).eval(), [[2, 3], [71, 1]]
    for parameter in part.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    folder, seen = tmp_path / "set" / "04_resampler", torch.randn(2, 80, 16)
    folder.mkdir(parents=True)
    with torch.inference_mode():
        features = part(seen, [(2, 3), (71, 1)])
    tensors = {"in.vit": seen, "out.features": features, "out.pos_0": position_table(2, 3, 128).clone()}
    save_file(tensors, folder / "io.safetensors")
    save_file(
        {f"resampler.{name}": tensor for name, tensor in part.state_dict().items()}, folder / "weights.safetensors"
    )
    (folder / "config.json").write_text("{}")
    case = {"case": folder.name, "tolerance": {"atol": 1e-4}, "inputs": {"tgt_sizes": sizes}, "expected": {}}
    (folder / "case.json").write_text(json.dumps(case))
    return folder


def change(folder: Path, **fields: Any) -> None:
    case = json.loads((folder / "case.json").read_text())
    (folder / "case.json").write_text(json.dumps(case | fields))


def rewrite(folder: Path, tensors: dict[str, Tensor]) -> None:
    save_file(load_file(folder / "io.safetensors") | tensors, folder / "io.safetensors")


def test_a_case_is_found_from_a_parent_from_itself_and_through_a_link(
    made: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = shutil.copytree(made.parent, made.parent.parent / "another")
    (copied / "no case").mkdir()
    elsewhere = made.parent.parent / "links"
    elsewhere.mkdir()
    (elsewhere / "linked").symlink_to(made)
    monkeypatch.chdir(made.parent)  # the parent has two cases: a case that is reached twice counts once
    for place, count in ((made, 1), (".", 1), ("04_resampler/", 1), ("..", 2), (elsewhere, 1), (f"{copied}/", 1)):
        assert main([str(place)]) == 0
        said = lines()
        assert len(said) == count + 1 and said[-1] == f"{count} passed, 0 failed"
        assert all("max abs difference" in line and line.endswith("pass") for line in said[:-1])


def test_a_number_outside_the_tolerance_of_its_case_fails(made: Path, lines: Lines) -> None:
    features = load_file(made / "io.safetensors")["out.features"]
    features[1, 2, 3] += 2e-3
    rewrite(made, {"out.features": features})
    assert main([str(made)]) == 1
    said = lines()
    assert said[0].endswith("FAIL") and "features: differs by 0.002" in said[1] and said[-1] == "0 passed, 1 failed"
    change(made, tolerance={"atol": 5e-3})
    assert main([str(made)]) == 0
    change(made, tolerance={"exact": True})
    assert main([str(made)]) == 1


@pytest.mark.parametrize(
    ("tensors", "fields", "named"),
    [
        ({"out.pos_1": torch.zeros(71, 128)}, {}, "position table 1: differs"),
        ({"out.hidden_from_us": torch.zeros(3)}, {}, "not compared, 1: hidden_from_us"),
        ({"out.features": torch.zeros(1, 8, 128)}, {}, "features: shape (2, 8, 128), wanted (1, 8, 128)"),
        ({"out.features": torch.full((2, 8, 128), torch.nan)}, {}, "features: differs by inf"),
    ],
)
def test_a_mismatch_or_an_uncompared_tensor_fails(
    made: Path, lines: Lines, tensors: dict[str, Tensor], fields: dict[str, Any], named: str
) -> None:
    rewrite(made, tensors)
    change(made, **fields)
    assert main([str(made)]) == 1
    assert any(named in line for line in lines())


def test_an_uncompared_entry_is_named(made: Path, lines: Lines) -> None:
    change(made, expected={"steps": [{"kv_len": 3}]})
    assert main([str(made)]) == 0
    assert lines()[1].strip() == "in case.json, and not compared, 1: steps"


def test_informative_entries_are_not_compared(made: Path) -> None:
    rewrite(made, {"out.a.beam3": torch.zeros(1, 16)})
    change(made, expected={"min_top2_margin": 0.01})
    assert main([str(made)]) == 0
    assert not run(made).notes


def test_a_folder_without_cases_is_a_failure(tmp_path: Path, lines: Lines) -> None:
    assert main([str(tmp_path)]) == 1
    assert lines() == ["0 passed, 0 failed"]
    assert main([str(tmp_path / "gone")]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"case": "99_nonsense"}', "io.safetensors"),
        ("{", "JSONDecodeError"),
        ("[1]", "case.json holds no object"),
    ],
)
def test_an_unreadable_case_fails_and_the_others_run(made: Path, lines: Lines, text: str, message: str) -> None:
    (made.parent / "99_nonsense").mkdir()
    (made.parent / "99_nonsense" / "case.json").write_text(text)
    assert main([str(made.parent)]) == 1
    said = lines()
    assert said[1].startswith("99_nonsense") and said[1].endswith("FAIL") and message in said[2]
    assert said[-1] == "1 passed, 1 failed"


def test_an_unknown_case_name_lists_the_known_ones(made: Path, lines: Lines) -> None:
    change(made, case="20_something_new")
    assert main([str(made)]) == 1
    assert any("no runner for a case called '20_something_new'; known are 01, 02" in line for line in lines())
