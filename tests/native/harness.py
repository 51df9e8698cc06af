"""Compiles one kernel and calls it on NumPy's arrays; for tests of the code generators."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from chainrule.native import machine_code
from chainrule.native.convention import Fault, KernelCode
from chainrule.native.emit import Function, Module
from chainrule.native.target import Target, host

_HOST = host()
_X86 = _HOST.triple.startswith("x86_64")
_TRIPLE = _HOST.triple if _X86 else "x86_64-unknown-linux-gnu"

AVX512 = Target("avx512", 64, 32, "x86-64-v4", "", _TRIPLE)
AVX2 = Target("avx2", 32, 16, "x86-64-v3", "", _TRIPLE)
PLAIN = Target("plain", 16, 16, "x86-64", "", _TRIPLE)
NEON = Target("neon", 16, 32, "cortex-a72", "", "aarch64-unknown-linux-gnu")

VECTORS = replace(_HOST, matrix=False)
"""This processor without its matrix unit; the same as with it where it has none."""

EVERY = (_HOST, *([VECTORS] if _HOST.matrix else []), AVX512, AVX2, PLAIN, NEON)
"""The targets whose code can be looked at."""


def _runnable() -> tuple[Target, ...]:
    mine = (_HOST, VECTORS) if _HOST.matrix else (_HOST,)
    if _HOST.name == "avx512":
        return (*mine, AVX2, PLAIN)
    if _HOST.name == "avx2":
        # What is laid out for wide vectors and their masks, in twice as many instructions.
        return (*mine, replace(AVX512, cpu=AVX2.cpu), PLAIN)
    return (*mine, PLAIN) if _X86 else mine


RUNNABLE = _runnable()
"""The targets whose code can be called on this machine."""

_ENTRY = "entry"


def _with_entry(emit: Callable[[Module], KernelCode]) -> tuple[Module, KernelCode]:
    """A module with a kernel, and a function that calls it and can be seen from outside."""
    module = Module()
    code = emit(module)
    params = [(each, "") for each in ("ptr", "i64", "i64", "ptr", "ptr")]
    entry = Function(module, _ENTRY, params, linkage="")
    entry.call_void(code.function, *entry.params)
    entry.finish()
    return module, code


def assembly(emit: Callable[[Module], KernelCode], target: Target) -> str:
    """The assembly of a kernel, for a processor that need not be this one."""
    return machine_code.assembly(str(_with_entry(emit)[0]), target)


class Compiled:
    """A kernel that can be called.

    Args:
        emit: Writes the kernel to a module.
        target: One of `RUNNABLE`.
    """

    def __init__(self, emit: Callable[[Module], KernelCode], target: Target) -> None:
        module, self.code = _with_entry(emit)
        addresses, self._library = machine_code.linked(machine_code.compiled(str(module), target), _ENTRY)
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        signature = ctypes.CFUNCTYPE(None, pointer, number, number, pointer, pointer)
        self._call = signature(addresses[_ENTRY])

    def __call__(self, *arrays: np.ndarray, spans: Iterable[tuple[int, int]] | None = None) -> tuple[Fault, int] | None:
        """Do all units, or those of `spans` one span after another; the fault and its value, if there was one."""
        assert all(array.flags.c_contiguous for array in arrays)
        room = np.full(self.code.scratch + 64, 0xA5, np.uint8)
        scratch = room.ctypes.data + -room.ctypes.data % 64
        fault = np.zeros(1, np.int64)
        addresses = np.array([array.ctypes.data for array in arrays], np.uint64)
        for begin, end in spans if spans is not None else [(0, self.code.units)]:
            self._call(addresses.ctypes.data, begin, end, scratch, fault.ctypes.data)
        word = int(fault[0])
        return (Fault(word & 0xFF), word >> 8) if word else None
