"""Unwraps the error that a user should read from the exception groups that task groups put around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def first_error(error: BaseException) -> BaseException:
    """The first error inside all groups; `error` itself if it is not a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raises the first error of a group instead of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise first_error(group) from group
