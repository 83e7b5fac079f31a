"""--context and --window: what a model of one's own remembers of a call."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from dialogue.errors import BadInput
from dialogue.minicpm.checkpoints.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from ui.commands.subparsers import add_setup_options, chosen_setup


def chosen(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_setup_options(parser)
    return parser.parse_args(arguments)


def test_they_are_for_a_model_of_ones_own(tmp_path: Path) -> None:
    folder = str(write_tiny(Kind.O45, tmp_path / "model"))
    setup = chosen_setup(chosen("--model", folder, "--context", "8000", "--window", "context"))
    assert (setup.context_tokens, setup.window) == (8000, "context")
    with pytest.raises(BadInput, match="--context and --window belong"):
        chosen_setup(chosen("--context", "8000"))
