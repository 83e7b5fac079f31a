"""A filter of system calls for a sandboxed program: no new processes, no sockets, nothing that opens the kernel.

A classic BPF program in the form that bubblewrap's --seccomp reads, for x86-64 and 64-bit Arm. A refused call fails
with EPERM; clone3, whose flags a filter cannot read, with ENOSYS, so that the C library uses clone. A clone passes with
CLONE_THREAD only. Numbers: the kernel's tables of system calls; layout: linux/filter.h, linux/seccomp.h.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping

_CLONE_THREAD = 0x00010000
_X32 = 0x40000000  # numbers from here on are of another table
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data

# The refused calls of each architecture.
_X86_64: Mapping[str, int] = {
    "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "ptrace": 101, "mount": 165, "umount2": 166, "unshare": 272,
    "setns": 308, "pivot_root": 155, "chroot": 161, "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321,
    "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "socket": 41, "socketpair": 53, "process_vm_readv": 310,
    "process_vm_writev": 311, "kexec_load": 246, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "pidfd_getfd": 438, "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
    "personality": 135, "reboot": 169, "swapon": 167, "acct": 163, "quotactl": 179, "kcmp": 312, "memfd_create": 319,
}  # fmt: skip
_AARCH64: Mapping[str, int] = {
    "execve": 221, "execveat": 281, "ptrace": 117, "mount": 40, "umount2": 39, "unshare": 97, "setns": 268,
    "pivot_root": 41, "chroot": 51, "keyctl": 219, "add_key": 217, "request_key": 218, "bpf": 280,
    "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_by_handle_at": 265, "name_to_handle_at": 264, "socket": 198, "socketpair": 199, "process_vm_readv": 270,
    "process_vm_writev": 271, "kexec_load": 104, "init_module": 105, "finit_module": 273, "delete_module": 106,
    "pidfd_getfd": 438, "move_mount": 429, "open_tree": 428, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
    "personality": 92, "reboot": 142, "swapon": 224, "acct": 89, "quotactl": 60, "kcmp": 272, "memfd_create": 279,
}  # fmt: skip
# By the name of a machine: its AUDIT_ARCH, the numbers of clone and clone3, and the refused calls.
_TABLES = {"x86_64": (0xC000003E, 56, 435, _X86_64), "aarch64": (0xC00000B7, 220, 435, _AARCH64)}


def has_filter() -> bool:
    """Whether there is a filter for this machine's processor."""
    return platform.machine() in _TABLES


def call_filter(machine: str = "") -> bytes:
    """The program for a machine, by default this one. A process of another architecture is killed."""
    architecture, clone, clone3, refused = _TABLES[machine or platform.machine()]
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_IF_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_IF_AT_LEAST, _X32, 0, 1),
        _step(_RETURN, _ERRNO | errno.EPERM),
        _step(_IF_EQUAL, clone3, 0, 1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    for number in refused.values():
        # bubblewrap calls execve itself, after the filter is in place; another program has the same limits.
        if number != refused["execve"]:
            program += [_step(_IF_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | errno.EPERM)]
    program += [
        _step(_IF_EQUAL, clone, 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_IF_BITS, _CLONE_THREAD, 1, 0),
        _step(_RETURN, _ERRNO | errno.EPERM),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(program)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
