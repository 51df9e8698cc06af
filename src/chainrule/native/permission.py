"""Asking the system for a processor's matrix unit, whose registers a process must be granted before it uses them."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

# Linux on x86-64: the system call `arch_prctl`, its request for more registers, and those of the matrix unit.
_ARCH_PRCTL = 158
_ARCH_REQ_XCOMP_PERM = 0x1023
_XFEATURE_XTILEDATA = 18


@cache
def matrix_unit_granted() -> bool:
    """Whether this process may use the tile registers of Intel's AMX from now on, in all its threads.

    Only Linux is asked; elsewhere, and where the system refuses (an old kernel, a sandbox), it may not. Source:
    Documentation/arch/x86/xstate.rst of Linux.
    """
    if sys.platform != "linux" or sys.maxsize <= 2**32:
        return False
    libc = ctypes.CDLL(None)
    answer: int = libc.syscall(
        ctypes.c_long(_ARCH_PRCTL), ctypes.c_long(_ARCH_REQ_XCOMP_PERM), ctypes.c_long(_XFEATURE_XTILEDATA)
    )
    return answer == 0
