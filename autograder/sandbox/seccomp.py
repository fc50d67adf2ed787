"""Refuses what a student's code never needs of the kernel: a filter of system calls.

Namespaces in namespaces, mounts, other processes' memory, keyrings, and shared memory that
no limit counts. Python, torch, subprocess and multiprocessing work without all of it. Where
the kernel has no such filters, the other fences stay.

Source: seccomp(2), the numbers from unistd.h of x86-64 and aarch64.
"""

from __future__ import annotations

import ctypes
import errno
import os

from autograder.sandbox.libc import libc

PR_SET_SECCOMP, FILTER = 22, 2
NR, ARCH, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
LOAD, EQUALS, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
X32 = 0x40000000  # calls of another interface with other numbers
NAMESPACES = 0x7E020080  # flags of clone(2)
FAMILIES = (1, 2, 10, 16)  # Unix, IPv4, IPv6, netlink: those that are in a namespace
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS = {  # by name: the number on x86-64 and on aarch64
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "fanotify_init": (300, 262),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "syslog": (103, 116),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
    "swapon": (167, 224), "reboot": (169, 142), "acct": (163, 89), "quotactl": (179, 60),
    "clock_settime": (227, 112), "settimeofday": (170, 170), "adjtimex": (159, 171),
}  # fmt: skip
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)


class _Step(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8),
                ("value", ctypes.c_uint32))  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("steps", ctypes.POINTER(_Step)))


def refuse_calls() -> None:
    """From now on, for this process and all that it starts. It can gain no privileges.

    Raises:
        OSError: the kernel or the machine knows no such filter.
    """
    steps = _filter(os.uname().machine)
    program = _Program(len(steps), (_Step * len(steps))(*(_Step(*step) for step in steps)))
    if libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(FILTER), ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "no filter of system calls can be set")


def _filter(machine: str) -> list[tuple[int, int, int, int]]:
    """Steps as (code, steps to skip if so, if not, value)."""
    if machine not in AUDIT:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {machine}")
    column = list(AUDIT).index(machine)
    steps = [(LOAD, 0, 0, ARCH), (EQUALS, 1, 0, AUDIT[machine]), _error(errno.ENOSYS)]
    steps += [(LOAD, 0, 0, NR), (AT_LEAST, 0, 1, X32), _error(errno.ENOSYS)]
    steps += [(EQUALS, 0, 1, CLONE3[column]), _error(errno.ENOSYS)]  # the C library goes back
    for numbers in CALLS.values():
        steps += [(EQUALS, 0, 1, numbers[column]), _error(errno.EPERM)]
    spaces = [(LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 0, 1, NAMESPACES), _error(errno.EPERM)]
    steps += [(EQUALS, 0, 4, CLONE[column]), *spaces, (RETURN, 0, 0, ALLOW)]
    known = [(EQUALS, len(FAMILIES) - n, 0, family) for n, family in enumerate(FAMILIES)]
    unknown = [(LOAD, 0, 0, FIRST_ARGUMENT), *known, _error(errno.EAFNOSUPPORT)]
    steps += [(EQUALS, 0, len(unknown), SOCKET[column]), *unknown]
    return [*steps, (RETURN, 0, 0, ALLOW)]


def _error(code: int) -> tuple[int, int, int, int]:
    return RETURN, 0, 0, ERRNO | code
