"""--context and --window: the context of a chosen model.

Also tests `model_options.py`, `tool_options.py` and `ui/host/default_llm.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from dialogue.engines.settings import MiniCPMO45Settings
from dialogue.errors import BadInput
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from ui.commands.subparsers import add_setup_options, chosen_setup


def chosen(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_setup_options(parser)
    return parser.parse_args(arguments)


def test_they_change_the_settings_of_the_engine(tmp_path: Path) -> None:
    folder = str(write_tiny(Kind.O45, tmp_path / "model"))
    setup = chosen_setup(chosen("--model", folder, "--context", "8000", "--window", "context"))
    assert isinstance(setup.engine, MiniCPMO45Settings)
    assert (setup.engine.context_tokens, setup.engine.window) == (8000, "context")
    with pytest.raises(BadInput, match="has no window"):
        chosen_setup(chosen("--window", "context"))
