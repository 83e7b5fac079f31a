"""The names of weight precisions. Imports no torch, so that the command line can use it."""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["float32", "bfloat16", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# "auto" leaves the choice to the route: the precision of the file, if it has one.
Quantisation = Literal["auto", "float32", "bfloat16", "int8", "int4"]
