"""The `omnilive` command as a person types it: help that teaches, errors in one sentence, exit codes that tell."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from dialogue.engines.settings import EmbeddedSettings, ImageTextSettings, MiniCPMVSettings, SpeakingModelSettings
from stream.models.setup import CaptionerSettings, Setup
from stream.models.weights import WeightStore
from ui.command_line import main, parser
from ui.commands import COMMANDS
from ui.commands.ask import told_apart
from ui.commands.subparsers import chosen_setup

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache with nothing in it."""
    monkeypatch.setenv("OMNILIVE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def full_home(monkeypatch: pytest.MonkeyPatch, home: Path, weights: WeightStore) -> Path:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    return home


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that went to stderr."""
    printed = capsys.readouterr()
    [line] = printed.err.strip().splitlines()
    assert line.startswith("omnilive: ")
    return line


def leave(arguments: list[str]) -> int:
    """The exit code of a command that argparse ends."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_help_names_every_command_and_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave(["--help"]) == 0
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert command.__name__.rpartition(".")[2] in told
    assert "first steps:" in told
    assert 'omnilive ask photo.jpg "What does the sign say?"' in told


@pytest.mark.parametrize("command", [each.__name__.rpartition(".")[2] for each in COMMANDS])
def test_every_command_explains_itself_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert leave([command, "--help"]) == 0
    told = capsys.readouterr().out
    assert "examples:" in told
    assert f"  omnilive {command}" in told


@pytest.mark.parametrize("arguments", [[], ["dance"], ["run", "--port", "90000"], ["run", "--setup", "moon"]])
def test_what_is_not_understood_leaves_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert leave(arguments) == 2
    assert "usage: omnilive" in capsys.readouterr().err


def test_both_entries_answer_without_importing_a_model() -> None:
    code = "import sys, ui.command_line; ui.command_line.parser(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    for module in ("omnilive", "ui"):
        run = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, check=True)
        assert b"first steps:" in run.stdout


def test_models_are_listed(full_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    assert "whisper-tiny.en         present" in told
    assert str(full_home) in told


def test_models_are_verified(full_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify", "silero-vad"]) == 0
    assert "silero-vad              present" in capsys.readouterr().out


def test_the_path_of_a_model_can_be_piped(full_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "path", "silero-vad"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_file()
    assert main(["models", "path"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_dir()


def test_missing_models_leave_with_advice(empty_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "path", "silero-vad"]) == 2
    assert "run `omnilive models pull silero-vad`" in complaint(capsys)
    assert main(["models", "verify"]) == 1


def test_models_come_out_of_a_folder(
    empty_home: Path, weights: WeightStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = weights.path("silero-vad").parent
    assert main(["models", "pull", "silero-vad", "--from", str(folder)]) == 0
    assert "weights are ready" in capsys.readouterr().out
    assert main(["models", "pull", "silero-vad", "--from", str(tmp_path / "nowhere")]) == 0, "it is here already"
    assert main(["models", "pull", "whisper-base", "--from", str(tmp_path / "nowhere")]) == 2


def test_a_remote_setup_needs_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--setup", "remote"]) == 2
    assert "needs --remote-url" in complaint(capsys)
    assert main(["run", "--remote-model", "large"]) == 2
    assert "belong to --setup remote" in complaint(capsys)


def test_a_model_of_ones_own_needs_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["talk", "--model", str(tmp_path)]) == 2
    assert "no config.json" in complaint(capsys)
    assert main(["ask", "photo.jpg", "--setup", "laptop", "--model", str(tmp_path)]) == 2
    assert "leave --setup out" in complaint(capsys)
    assert main(["run", "--quantize", "int4"]) == 2
    assert "belong to --model, --llm or --captioner" in complaint(capsys)


def written_config(folder: Path, kind: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return str(folder)


def setup_of(*arguments: str) -> Setup:
    return chosen_setup(parser().parse_args(["run", *arguments]))


def test_a_folder_chooses_the_setup_that_runs_it(tmp_path: Path) -> None:
    folder = written_config(tmp_path, "minicpmv")
    setup = setup_of("--model", folder, "--precision", "int4")
    assert setup.engine == MiniCPMVSettings(model_path=tmp_path, precision="int4")
    placed = setup_of("--model", folder, "--quantize", "int8", "--device", "cuda:1").engine
    assert placed == MiniCPMVSettings(model_path=tmp_path, precision="int8", device="cuda:1")
    assert setup_of("--model", written_config(tmp_path, "minicpmv4_6")).engine == ImageTextSettings(model_path=tmp_path)
    assert setup_of("--model", written_config(tmp_path, "smolvlm")).name == "image_text"
    assert setup_of().engine == EmbeddedSettings()


def test_eyes_are_for_a_mind_that_cannot_see(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vision_models, o26 = written_config(tmp_path / "eyes", "minicpmv4_7"), written_config(tmp_path / "o26", "minicpmo")
    setup = setup_of("--captioner", vision_models, "--quantize", "int8")
    assert setup.engine == EmbeddedSettings()
    assert setup.captioner == CaptionerSettings(tmp_path / "eyes", "int8")
    assert main(["run", "--captioner", vision_models, "--model", o26]) == 2
    assert "is for one that cannot see" in complaint(capsys)
    assert main(["run", "--captioner", o26]) == 2
    assert "give it as --model" in complaint(capsys)


def test_a_voice_takes_the_consent_of_who_speaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    o26, v26 = written_config(tmp_path / "o26", "minicpmo"), written_config(tmp_path / "v26", "minicpmv")
    voice = tmp_path / "me.wav"
    assert main(["run", "--model", o26, "--voice", str(voice)]) == 2
    assert "consent" in complaint(capsys)
    assert main(["run", "--model", o26, "--voice", str(voice), "--speaker-consents"]) == 2
    assert "There is no recording" in complaint(capsys)
    voice.write_bytes(b"")
    voiced = setup_of("--model", o26, "--voice", str(voice), "--speaker-consents").engine
    assert isinstance(voiced, SpeakingModelSettings) and voiced.voice == voice
    for unfit in (["--model", v26], []):
        assert main(["run", *unfit, "--voice", str(voice), "--speaker-consents"]) == 2
        assert "Only MiniCPM-o" in complaint(capsys)
    assert main(["run", "--speaker-consents"]) == 2
    assert "belongs to --voice" in complaint(capsys)


def test_a_hub_id_is_fetched_or_told(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert main(["run", "--model", "openbmb/MiniCPM-V-2_6"]) == 2
    assert "could not download openbmb/MiniCPM-V-2_6" in complaint(capsys)
    assert main(["run", "--model", "not a model"]) == 2
    assert "owner/name" in complaint(capsys)
    there = empty_home / "weights" / "openbmb--MiniCPM-V-2_6@main"
    there.mkdir(parents=True)
    written_config(there, "minicpmv")
    assert setup_of("--model", "openbmb/MiniCPM-V-2_6").engine == MiniCPMVSettings(model_path=there)


def test_a_question_is_told_apart_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "a photo.jpg"
    here.touch()
    assert told_apart([]) == ([], None)
    assert told_apart([str(here)]) == ([here], None)
    assert told_apart([str(here), str(here), "Describe"]) == ([here, here], "Describe")
    assert told_apart(["What time is it?"]) == ([], "What time is it?")
    assert told_apart(["gone.jpg"]) == ([Path("gone.jpg")], None)
    assert told_apart(["gone.jpg", "What is it?"]) == ([Path("gone.jpg")], "What is it?")
    monkeypatch.setattr("sys.stdin", io.StringIO(" Who wrote Faust?\n"))
    assert told_apart([str(here), "-"]) == ([here], "Who wrote Faust?")


def test_what_cannot_be_asked_is_told(
    empty_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dictionary.json").write_text("{}")
    (tmp_path / "damaged.json").write_text("[")
    monkeypatch.setattr("sys.stdin", io.StringIO(" "))
    for given, told in [
        ([], "there is nothing to answer"),
        (["-"], "nothing came from standard input"),
        (["\ud800 what?"], "it has to be UTF-8"),
        (["--history", str(tmp_path / "none.json")], "cannot be read"),
        (["--history", str(tmp_path / "dictionary.json")], "is no list of messages"),
        (["--history", str(tmp_path / "damaged.json")], "is no JSON"),
        (["Who are you?", "--beams", "99"], "at most 16"),
    ]:
        assert main(["ask", *given]) == 2
        assert told in complaint(capsys)


@pytest.mark.parametrize("arguments", [["models", "list"], ["run", "--setup", "scripted", "--port", "0"]])
def test_output_that_cannot_be_written_is_one_sentence(full_home: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "omnilive", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.stderr == "omnilive: the output cannot be written (No space left on device): send it elsewhere\n"
    assert ended.returncode == 2
