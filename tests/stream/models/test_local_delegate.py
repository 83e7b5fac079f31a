"""A larger model in a process of its own, llama.cpp's server, and what it answers in a call. Also tests `setup.py`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from dialogue.blocks import TextBlock
from dialogue.errors import BadInput
from stream.models.local_delegate import LocalDelegate, open_delegate
from stream.models.setup import DelegateSettings
from tests.dialogue.conftest import smollm2_path

__all__ = ["smollm2_path"]

pytest.importorskip("xllamacpp", reason="llama.cpp's server is not installed")


def test_a_file_is_served_with_a_key_and_answers_from_the_conversation(smollm2_path: Path) -> None:
    delegate, process = open_delegate(DelegateSettings(model_path=smollm2_path))
    assert delegate is not None and process is not None
    turns = [TextBlock("I am planning a trip to France.", 1.0, 2.0)]
    answer = asyncio.run(delegate.ask("What is the capital of that country?", turns, None))
    assert "Paris" in answer
    assert process.key not in repr(delegate)
    process.close()
    with pytest.raises(Exception, match="No chat server answers"):
        asyncio.run(delegate.ask("And now?", turns, None))
    process.close()


def test_a_damaged_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF" + b"\0" * 1000)
    began = time.perf_counter()
    with pytest.raises(BadInput, match="cannot be served"):
        LocalDelegate(damaged)
    assert time.perf_counter() - began < 60
    with pytest.raises(BadInput, match=r"is no \.gguf file"):
        LocalDelegate(tmp_path / "nothing.gguf")


def test_without_settings_there_is_none() -> None:
    assert open_delegate(None) == (None, None)
