"""`omnilive models inspect` and `omnilive models tiny` on the command line.

Also tests `dialogue/minicpm/sizing/this_machine.py` and `models.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import constants

from dialogue.image_text.tiny import KINDS as SIBLINGS
from dialogue.minicpm.tiny.checkpoint import KINDS
from tests.stream.small_registry import SmallRegistry
from ui.command_line import main
from ui.commands.model_folders import TINY_KINDS, TINY_SIBLINGS


def test_every_tiny_kind_is_offered() -> None:
    assert tuple(KINDS) == TINY_KINDS
    assert tuple(SIBLINGS) == TINY_SIBLINGS


@pytest.mark.parametrize("kind", TINY_SIBLINGS)
def test_a_tiny_image_text_model_is_written(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "tiny", kind, str(tmp_path / "tiny")]) == 0
    assert SIBLINGS[kind] in capsys.readouterr().out
    assert main(["models", "inspect", str(tmp_path / "tiny")]) == 0
    printed = capsys.readouterr().out
    assert (
        printed.startswith(f"{SIBLINGS[kind]}, an image-text model") and "complete" in printed and "token 0." in printed
    )
    assert json.loads((tmp_path / "tiny" / "config.json").read_text())["model_type"] == SIBLINGS[kind]


@pytest.mark.parametrize("kind", TINY_KINDS)
def test_a_tiny_model_is_written_and_inspected(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tiny"
    assert main(["models", "tiny", kind, str(folder)]) == 0
    assert KINDS[kind].value in capsys.readouterr().out
    assert main(["models", "inspect", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{KINDS[kind].value}: ")
    assert "memory of the weights: float32" in printed
    assert "complete" in printed and "NOT" not in printed
    assert "keeps up" in printed or kind == "3"


def test_missing_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tiny"
    main(["models", "tiny", "v2.6", str(folder)])
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    capsys.readouterr()
    assert main(["models", "inspect", str(folder)]) == 1
    printed = capsys.readouterr().out
    assert "llm.model.layers.2." in printed
    assert "NOT complete" in printed


def test_a_folder_with_files_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("precious")
    assert main(["models", "tiny", "v2.6", str(tmp_path)]) == 2
    assert "not an empty folder" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


def test_a_path_without_a_folder_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "inspect", str(tmp_path / "nowhere")]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("omnilive: ") and "nowhere" in line


def test_a_hub_id_is_inspected_from_its_config_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(tmp_path / "home"))
    with SmallRegistry().running() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        files = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        for kind in ("v2.6", "ocr"):
            main(["models", "tiny", kind, str(tmp_path / kind)])
            config = (tmp_path / kind / "config.json").read_bytes()
            hub.repositories[f"owner/{kind}"] = {"config.json": config, "model.safetensors": b"large"}
            capsys.readouterr()
            assert main(["models", "inspect", f"owner/{kind}"]) == 0
            printed = capsys.readouterr().out
            assert "not downloaded yet" in printed and "config alone" in printed and "lower bounds" in printed
    assert not list((tmp_path / "home").rglob("*.safetensors"))


def test_an_unknown_kind_exits_with_2(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["models", "tiny", "v9", str(tmp_path / "new")])
    assert ended.value.code == 2
