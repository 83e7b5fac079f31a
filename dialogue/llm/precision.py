"""Names of the precisions of a language model's weights. Imports no torch, so that the command line can use it."""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["float32", "bfloat16", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# "auto" leaves the choice to the route: a file's own precision where it has one.
Quantisation = Literal["auto", "float32", "bfloat16", "int8", "int4"]
