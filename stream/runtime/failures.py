"""Unwraps exception groups: a task group reports which tasks an error passed through, a reader needs the error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def first_error(error: BaseException) -> BaseException:
    """The first error inside all nested groups; `error` itself where it is not a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raises the first error of a group in place of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise first_error(group) from group
