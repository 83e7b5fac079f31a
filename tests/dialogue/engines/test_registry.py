"""The registry: engines by name, settings and config; missing parts are reported.

`entry.py`, `entries.py` and `settings.py` are tested through it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dialogue.engines.entries import BUILT_IN, DEFAULT_LLM
from dialogue.engines.entry import EngineEntry, EngineResources, registered
from dialogue.engines.registry import GROUP, engines, entry_named, entry_of, entry_running, open_engine
from dialogue.engines.settings import (
    EmbeddedSettings,
    EngineSettings,
    MiniCPMO45Settings,
    RemoteSettings,
)
from dialogue.errors import BadInput
from tests.test_shape import ROOT, named, product_files


@pytest.mark.parametrize(
    ("settings", "weights", "words"),
    [
        (EmbeddedSettings(), {}, f"needs the weights {DEFAULT_LLM}"),
        (RemoteSettings(), {DEFAULT_LLM: Path("/nowhere/model.txt")}, "needs the address"),
        (EmbeddedSettings(), {DEFAULT_LLM: Path("/nowhere/model.txt")}, "neither a .gguf file nor a model folder"),
    ],
)
def test_an_engine_that_cannot_be_opened_says_why(
    settings: EngineSettings, weights: dict[str, Path], words: str, runner: Any
) -> None:
    with pytest.raises(BadInput, match=words):
        open_engine(settings, EngineResources(runner, weights=weights))


def test_an_unknown_name_or_record_is_refused() -> None:
    with pytest.raises(BadInput, match="no engine called 'gpt'; choose one of embedded, scripted, remote"):
        entry_named("gpt")

    @dataclass(frozen=True, kw_only=True)
    class Foreign(EngineSettings):
        pass

    with pytest.raises(BadInput, match="No engine takes Foreign"):
        entry_of(Foreign())


def test_the_embedded_engine_opens_from_its_file(smollm2_path: Path, runner: Any) -> None:
    resources = EngineResources(runner, weights={DEFAULT_LLM: smollm2_path})
    engine = open_engine(EmbeddedSettings(context_tokens=1024), resources)()
    assert engine.context().limit == 1024
    assert not engine.can.sees


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"model_type": "minicpmo", "version": "2.6"}, "minicpm_o26"),
        ({"model_type": "minicpmo", "version": "4.5"}, "minicpm_o45"),
        ({"model_type": "minicpmv", "version": "2.6"}, "minicpm_v"),
        ({"model_type": "minicpm3"}, "minicpm3"),
        ({"model_type": "qwen3"}, "chat_model"),
        ({"model_type": "minicpmv", "version": "4.0"}, None),
        ({"model_type": "smolvlm"}, None),
    ],
)
def test_a_config_names_the_engine_that_runs_it(config: dict[str, Any], name: str | None) -> None:
    entry = entry_running(config)
    assert (entry.name if entry else None) == name


def test_every_engine_has_its_own_settings() -> None:
    assert len({entry.settings for entry in engines().values()}) == len(engines()) >= len(BUILT_IN)
    assert all(entry_named(entry.name) is entry for entry in BUILT_IN)


def test_a_voice_needs_its_speakers_consent() -> None:
    settings = MiniCPMO45Settings(model_path=Path("model"))
    with pytest.raises(BadInput, match="consent"):
        replace(settings, voice=Path("me.wav"))
    assert replace(settings, voice=Path("me.wav"), speaker_consents=True).voice == Path("me.wav")


def test_a_scripted_demo_loads_no_model() -> None:
    code = (
        "import sys; from dialogue.engines.entry import EngineEntry, EngineResources, registered; "
        "from dialogue.engines.registry import open_engine; "
        "from dialogue.engines.settings import ScriptedSettings; "
        "open_engine(ScriptedSettings(), EngineResources(None))(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_name_used_twice_is_refused() -> None:
    with pytest.raises(BadInput, match=r"Two entries of omnilive\.engines are called 'embedded'"):
        registered(GROUP, (*BUILT_IN, BUILT_IN[0]), EngineEntry)


def test_nobody_else_asks_which_engine_it_is() -> None:
    """What an engine is like is read from its entry or its settings; their types are only made, by setups."""
    types = {entry.settings.__name__ for entry in engines().values()}
    others = [path for path in product_files() if path.parent != ROOT / "dialogue" / "engines"]
    asked = [
        f"{named(path)}, line {node.lineno}: {ast.unparse(node)}"
        for path in others
        if any(word in (source := path.read_text()) for word in (*types, "entry_named"))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass", "entry_named"))
        if types & {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        or (ast.unparse(node).startswith("entry_named('"))
    ]
    assert not asked
