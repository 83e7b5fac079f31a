"""The filter of system calls is a well-formed program, for each processor."""

from __future__ import annotations

import struct

import pytest

from stream.tools.system_calls import call_filter

RETURN, JUMPS = 0x06, (0x15, 0x35, 0x45)
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


def verdict(program: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What the program returns: a small interpreter of the instructions that it uses."""
    steps = list(struct.iter_unpack("<HBBI", program))
    data = {0: number, 4: architecture, 16: argument}
    place = loaded = 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x20:
            loaded = data[value]
        elif code == RETURN:
            return int(value)
        else:
            holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
            place += if_true if holds else if_false


@pytest.mark.parametrize(
    ("machine", "architecture", "fork", "clone", "read"),
    [("x86_64", 0xC000003E, 57, 56, 0), ("aarch64", 0xC00000B7, None, 220, 63)],
)
def test_threads_pass_and_processes_do_not(
    machine: str, architecture: int, fork: int | None, clone: int, read: int
) -> None:
    program = call_filter(machine)
    assert verdict(program, architecture, read) == ALLOW
    assert verdict(program, architecture, clone, 0x00010000) == ALLOW
    assert verdict(program, architecture, clone, 17) == EPERM
    assert verdict(program, architecture, 435) == ENOSYS
    if fork is not None:
        assert verdict(program, architecture, fork) == EPERM
    assert verdict(program, architecture, 0x40000000 | read) == EPERM
    assert verdict(program, 0x40000003, read) == 0x80000000
