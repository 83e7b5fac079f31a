"""Engines by name; what is missing is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dialogue.engines import open_engine
from dialogue.errors import BadInput


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("gpt", {}, "no engine called 'gpt'; choose one of small_cpu, scripted, remote"),
        ("embedded", {}, "needs the path"),
        ("remote", {}, "needs the address"),
        ("embedded", {"model_path": Path("/nowhere/model.txt")}, "neither a .gguf file nor a model folder"),
    ],
)
def test_what_cannot_be_opened(name: str, options: dict[str, Any], words: str, runner: Any) -> None:
    with pytest.raises(BadInput, match=words):
        open_engine(name, runner=runner, **options)


def test_the_embedded_engine_opens_from_its_file(smollm2_path: Path, runner: Any) -> None:
    engine = open_engine("embedded", runner=runner, model_path=smollm2_path, context_tokens=1024)()
    assert engine.context().limit == 1024
    assert not engine.can.sees


def test_a_scripted_demo_loads_no_model() -> None:
    opens = "import sys; from dialogue.engines import open_engine; open_engine('scripted', runner=None)()"
    code = f"{opens}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
