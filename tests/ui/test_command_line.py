"""The `omnilive` command: its help, its errors in one sentence, and its exit codes.

Also tests `ui/commands/generation_options.py`, `ui/commands/talk.py` and `ui/host/version.py`.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from huggingface_hub import constants

import omnilive
import ui.host.version
from dialogue.engines.settings import EmbeddedSettings, ImageTextSettings, MiniCPMVSettings, SpeakingModelSettings
from stream.models.setup import CaptionerSettings, Setup
from stream.models.weights import WeightStore
from ui.command_line import main, parser
from ui.commands import COMMANDS
from ui.commands.ask import files_and_question
from ui.commands.subparsers import chosen_setup

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty OMNILIVE_HOME."""
    monkeypatch.setenv("OMNILIVE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def full_home(monkeypatch: pytest.MonkeyPatch, home: Path, weights: WeightStore) -> Path:
    monkeypatch.setenv("OMNILIVE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of the usual sizes fit, whatever machine this is."""
    monkeypatch.setattr("ui.commands.model_options.free_memory", lambda: 64e9)


def complaint(capfd: pytest.CaptureFixture[str]) -> str:
    """The last line on stderr; a note about memory may stand before it."""
    printed = capfd.readouterr()
    *notes, line = printed.err.strip().splitlines()
    assert all("memory" in note or "it takes" in note for note in notes)
    assert line.startswith("omnilive: ")
    return line


def leave(arguments: list[str]) -> int:
    """The exit code of a command that argparse ends."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_help_names_every_command_and_the_first_steps(capfd: pytest.CaptureFixture[str]) -> None:
    assert leave(["--help"]) == 0
    printed = capfd.readouterr().out
    for command in COMMANDS:
        assert command.__name__.rpartition(".")[2] in printed
    assert "first steps:" in printed
    assert 'omnilive ask photo.jpg "What does the sign say?"' in printed


def test_version_prints_what_the_module_states(capfd: pytest.CaptureFixture[str]) -> None:
    assert leave(["--version"]) == 0
    assert capfd.readouterr().out == f"omnilive {omnilive.__version__}\n"


def test_a_source_tree_without_an_installation_has_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(ui.host.version, "version", missing)
    assert ui.host.version.product_version() == "0+unknown"


@pytest.mark.parametrize("command", [each.__name__.rpartition(".")[2] for each in COMMANDS])
def test_every_command_explains_itself_with_examples(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert leave([command, "--help"]) == 0
    printed = capfd.readouterr().out
    assert "examples:" in printed
    assert f"  omnilive {command}" in printed


@pytest.mark.parametrize("arguments", [[], ["dance"], ["run", "--port", "90000"], ["run", "--setup", "moon"]])
def test_unknown_arguments_exit_with_2(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert leave(arguments) == 2
    assert "usage: omnilive" in capfd.readouterr().err


def test_both_entries_answer_without_importing_a_model() -> None:
    code = "import sys, ui.command_line; ui.command_line.parser(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    for module in ("omnilive", "ui"):
        run = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, check=True)
        assert b"first steps:" in run.stdout


def test_models_are_listed(full_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    printed = capfd.readouterr().out
    assert "whisper-tiny.en         present" in printed
    assert str(full_home) in printed


def test_models_are_verified(full_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify", "silero-vad"]) == 0
    assert "silero-vad              present" in capfd.readouterr().out


def test_the_path_of_a_model_can_be_piped(full_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "path", "silero-vad"]) == 0
    assert Path(capfd.readouterr().out.strip()).is_file()
    assert main(["models", "path"]) == 0
    assert Path(capfd.readouterr().out.strip()).is_dir()


def test_missing_models_exit_with_advice(empty_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "path", "silero-vad"]) == 2
    assert "run `omnilive models pull silero-vad`" in complaint(capfd)
    assert main(["models", "verify"]) == 1


def test_models_are_pulled_from_a_folder(
    empty_home: Path, weights: WeightStore, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = weights.path("silero-vad").parent
    assert main(["models", "pull", "silero-vad", "--from", str(folder)]) == 0
    assert "weights are ready" in capfd.readouterr().out
    assert main(["models", "pull", "silero-vad", "--from", str(tmp_path / "nowhere")]) == 0, "already stored"
    assert main(["models", "pull", "all-minilm-l6-v2", "--from", str(tmp_path / "nowhere")]) == 2


def test_a_remote_setup_needs_an_address(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["talk", "--setup", "remote"]) == 2
    assert "needs --remote-url" in complaint(capfd)
    assert main(["talk", "--remote-model", "large"]) == 2
    assert "--remote-model needs --setup remote" in complaint(capfd)


def test_a_chosen_model_needs_its_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["talk", "--model", str(tmp_path)]) == 2
    assert "no config.json" in complaint(capfd)
    assert main(["ask", "photo.jpg", "--setup", "laptop", "--model", str(tmp_path)]) == 2
    assert "leave --setup out" in complaint(capfd)
    assert main(["run", "--unsupervised", "--port", "0", "--quantize", "int4"]) == 2
    assert "need --model, --llm or --captioner" in complaint(capfd)


def written_config(folder: Path, kind: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return str(folder)


def setup_of(*arguments: str) -> Setup:
    return chosen_setup(parser().parse_args(["run", *arguments]))


def test_the_model_in_a_folder_chooses_the_setup(tmp_path: Path) -> None:
    folder = written_config(tmp_path, "minicpmv")
    setup = setup_of("--model", folder, "--precision", "int4")
    assert setup.engine == MiniCPMVSettings(model_path=tmp_path, precision="int4")
    placed = setup_of("--model", folder, "--quantize", "int8", "--device", "cuda:1").engine
    assert placed == MiniCPMVSettings(model_path=tmp_path, precision="int8", device="cuda:1")
    assert setup_of("--model", written_config(tmp_path, "minicpmv4_6")).engine == ImageTextSettings(model_path=tmp_path)
    assert setup_of("--model", written_config(tmp_path, "smolvlm")).name == "image_text"
    assert setup_of().engine == EmbeddedSettings()


def test_a_captioner_needs_a_model_without_vision(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    captioner, o26 = (
        written_config(tmp_path / "captioner", "minicpmv4_7"),
        written_config(tmp_path / "o26", "minicpmo"),
    )
    setup = setup_of("--captioner", captioner, "--quantize", "int8")
    assert setup.engine == EmbeddedSettings()
    assert setup.captioner == CaptionerSettings(tmp_path / "captioner", "int8")
    assert main(["run", "--unsupervised", "--port", "0", "--captioner", captioner, "--model", o26]) == 2
    assert "is for one that cannot see" in complaint(capfd)
    assert main(["run", "--unsupervised", "--port", "0", "--captioner", o26]) == 2
    assert "give it as --model" in complaint(capfd)


def test_voice_cloning_needs_the_speakers_consent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    o26, v26 = written_config(tmp_path / "o26", "minicpmo"), written_config(tmp_path / "v26", "minicpmv")
    voice = tmp_path / "me.wav"
    assert main(["run", "--unsupervised", "--port", "0", "--model", o26, "--voice", str(voice)]) == 2
    assert "consent" in complaint(capfd)
    assert (
        main(["run", "--unsupervised", "--port", "0", "--model", o26, "--voice", str(voice), "--speaker-consents"]) == 2
    )
    assert "There is no recording" in complaint(capfd)
    voice.write_bytes(b"")
    voiced = setup_of("--model", o26, "--voice", str(voice), "--speaker-consents").engine
    assert isinstance(voiced, SpeakingModelSettings) and voiced.voice == voice
    for unfit in (["--model", v26], []):
        assert main(["run", "--unsupervised", "--port", "0", *unfit, "--voice", str(voice), "--speaker-consents"]) == 2
        assert "Only MiniCPM-o" in complaint(capfd)
    assert main(["run", "--unsupervised", "--port", "0", "--speaker-consents"]) == 2
    assert "needs --voice" in complaint(capfd)


def test_a_hub_id_is_downloaded_or_reported(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert main(["run", "--unsupervised", "--port", "0", "--model", "openbmb/MiniCPM-V-2_6"]) == 2
    assert "could not download openbmb/MiniCPM-V-2_6" in complaint(capfd)
    assert main(["run", "--unsupervised", "--port", "0", "--model", "not a model"]) == 2
    assert "owner/name" in complaint(capfd)
    there = empty_home / "weights" / "openbmb--MiniCPM-V-2_6@main"
    there.mkdir(parents=True)
    written_config(there, "minicpmv")
    assert setup_of("--model", "openbmb/MiniCPM-V-2_6").engine == MiniCPMVSettings(model_path=there)


def test_the_question_is_separated_from_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "a photo.jpg"
    here.touch()
    assert files_and_question([]) == ([], None)
    assert files_and_question([str(here)]) == ([here], None)
    assert files_and_question([str(here), str(here), "Describe"]) == ([here, here], "Describe")
    assert files_and_question(["What time is it?"]) == ([], "What time is it?")
    assert files_and_question(["gone.jpg"]) == ([Path("gone.jpg")], None)
    assert files_and_question(["gone.jpg", "What is it?"]) == ([Path("gone.jpg")], "What is it?")
    monkeypatch.setattr("sys.stdin", io.StringIO(" Who wrote Faust?\n"))
    assert files_and_question([str(here), "-"]) == ([here], "Who wrote Faust?")


def test_unusable_questions_are_reported(
    empty_home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dictionary.json").write_text("{}")
    (tmp_path / "damaged.json").write_text("[")
    monkeypatch.setattr("sys.stdin", io.StringIO(" "))
    for given, printed in [
        ([], "There is nothing to answer"),
        (["-"], "Standard input is empty"),
        (["\ud800 what?"], "not valid UTF-8"),
        (["--history", str(tmp_path / "none.json")], "cannot be read"),
        (["--history", str(tmp_path / "dictionary.json")], "must be a list of messages"),
        (["--history", str(tmp_path / "damaged.json")], "is not JSON"),
        (["Who are you?", "--beams", "99"], "at most 16"),
    ]:
        assert main(["ask", *given]) == 2
        assert printed in complaint(capfd)


@pytest.mark.parametrize("arguments", [["models", "list"], ["run", "--setup", "scripted", "--port", "0"]])
def test_an_unwritable_output_is_reported_in_one_sentence(full_home: Path, arguments: list[str]) -> None:
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
    assert ended.stderr == "omnilive: The output cannot be written: No space left on device.\n"
    assert ended.returncode == 2
