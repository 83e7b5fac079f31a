"""Loading a model: pages of a file whose tensors are converted do not stay in memory.

Also tests `dialogue/minicpm/tiny/checkpoint.py` and `dialogue/minicpm/tiny/tokenizer.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.precision import Precision
from dialogue.minicpm.checkpoints.model import decoder_of
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny

SMAPS = Path("/proc/self/smaps")


def resident_kb(file: Path) -> int:
    """Pages of a mapped file that count as this process's memory."""
    text = SMAPS.read_text()
    return sum(map(int, re.findall(rf"{re.escape(file.name)}\n(?:.*\n)*?Rss: +(\d+) kB", text)))


@pytest.mark.skipif(not SMAPS.exists(), reason="this system does not report resident pages")
@pytest.mark.parametrize(("precision", "stays"), [("int4", False), ("int8", False), ("bfloat16", True)])
def test_a_converted_file_does_not_stay_resident(tmp_path: Path, precision: Precision, stays: bool) -> None:
    write_tiny(Kind.V26, tmp_path)
    [file] = tmp_path.glob("*.safetensors")
    file = file.rename(tmp_path / f"only-{precision}.safetensors")
    checkpoint = Checkpoint(tmp_path, [file.name])
    before = resident_kb(file)
    decoder = decoder_of(checkpoint, precision)
    grown = resident_kb(file) - before
    assert (grown > 0.2 * file.stat().st_size / 1024) == stays, f"{grown} kB of {file.stat().st_size / 1024:.0f}"
    del decoder
