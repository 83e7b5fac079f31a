"""The error that a person should read: task groups wrap it in groups that say only which tasks it passed through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def first_error(error: BaseException) -> BaseException:
    """The first error inside of all groups; `error` itself if it is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raises the first error of a group in its place."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise first_error(group) from group
