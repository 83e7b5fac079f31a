"""Errors are taken out of the groups that task groups wrap them in."""

from __future__ import annotations

import asyncio

import pytest

from stream.runtime.failures import first_error, plain_errors


def test_the_first_error_of_nested_groups_is_found() -> None:
    inner = KeyError("inner")
    group = BaseExceptionGroup("outer", [BaseExceptionGroup("middle", [inner, ValueError()]), OSError()])
    assert first_error(group) is inner


def test_an_error_outside_a_group_is_itself() -> None:
    error = ValueError("plain")
    assert first_error(error) is error


def test_an_error_of_a_task_group_is_raised_without_the_group() -> None:
    async def fails() -> None:
        raise OSError("The disk is full.")

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails())

    with pytest.raises(OSError, match="disk is full") as raised, plain_errors():
        asyncio.run(main())
    assert isinstance(raised.value.__cause__, BaseExceptionGroup)
