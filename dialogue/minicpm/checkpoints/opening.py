"""Opens the folder of a downloaded model after checking it against its config."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import Adapter
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_tensors import listed
from dialogue.llm.decoder import Progress
from dialogue.llm.precision import Precision
from dialogue.minicpm.checkpoints.inventory import compare
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind, kind_of

if TYPE_CHECKING:
    from dialogue.minicpm.text.text_model import TextModel


def open_model(
    folder: Path,
    precision: Precision = "float32",
    device: str = "cpu",
    strict: bool = True,
    on_progress: Progress | None = None,
    adapters: Sequence[Adapter] = (),
) -> MiniCPM:
    """Open a model that sees. Everything is checked against the config before a weight is read; weights are then read
    once, converted one by one, and never held twice. `adapters` as for `open_language_model`. Raises BadInput if the
    folder is incomplete, and with `strict` if it has unknown tensors."""
    checkpoint = Checkpoint(folder)
    if kind_of(checkpoint.config) is Kind.TEXT3:
        raise BadInput("MiniCPM3 is a text model; open it with open_text_model.")
    verify(checkpoint, strict)
    return MiniCPM.of(checkpoint, precision, device, on_progress, adapters)


def open_text_model(
    folder: Path,
    precision: Precision = "float32",
    device: str = "cpu",
    strict: bool = True,
    on_progress: Progress | None = None,
    adapters: Sequence[Adapter] = (),
) -> TextModel:
    """Open MiniCPM3, as in `open_model`. Raises BadInput for other kinds."""
    from dialogue.minicpm.text.text_model import TextModel  # transformers' class takes seconds to import

    checkpoint = Checkpoint(folder)
    if (kind := kind_of(checkpoint.config)) is not Kind.TEXT3:
        raise BadInput(f"{kind.value} is not a text model; open it with open_model.")
    verify(checkpoint, strict)
    return TextModel(checkpoint, precision, device, on_progress, adapters)


def verify(checkpoint: Checkpoint, strict: bool = True) -> None:
    """Raises BadInput with the missing and misshapen tensors, and with `strict` the unknown tensors."""
    found = compare(checkpoint)
    if found.missing or found.misshapen:
        problems = [
            f"lacks {len(found.missing)} tensors: {listed(found.missing)}" if found.missing else "",
            f"has tensors that do not fit its config: {listed(found.misshapen)}" if found.misshapen else "",
            f"has unknown tensors: {listed(found.unknown)}" if found.unknown else "",
        ]
        listing = "; it ".join(filter(None, problems))
        raise BadInput(f"The checkpoint in {checkpoint.folder} {listing}. Download it again, or another version.")
    if strict and found.unknown:
        raise BadInput(
            f"The checkpoint in {checkpoint.folder} has unknown tensors: {listed(found.unknown)}. If the model does "
            "not need them, open it with strict=False."
        )
