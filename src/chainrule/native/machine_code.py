"""From LLVM text to machine code, and from machine code to functions of this process.

None of LLVM's optimising passes run: the emitters write vectors, fused loops and values that are computed once, and
what the code generator does by itself is enough. The passes take longer than everything else together and change the
speed of the result by no more than chance (docs/performance.md).
"""

from __future__ import annotations

import ctypes
import itertools
import struct
import threading
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from chainrule import config
from chainrule.errors import InternalError
from chainrule.native.memory import give_back
from chainrule.native.symbols import symbols
from chainrule.native.target import Target, host

if TYPE_CHECKING:
    import llvmlite.binding as llvm

# What LLVM may call on its own account. Everything else would be a library's function in the midst of a kernel.
_PROVIDED = ("memcpy", "memmove", "memset")

_LENGTH = struct.Struct("<Q")

_lock = threading.Lock()
_names = itertools.count()


def assembly(text: str, target: Target) -> str:
    """The assembly of a module."""
    module, machine = _checked(text, target)
    result: str = machine.emit_assembly(module)
    return result


def compiled(text: str, target: Target) -> bytes:
    """The machine code of a module, for `linked`.

    Raises:
        InternalError: If the text is no valid module, or calls a function that does not exist.
    """
    return compiled_parts([text], target)


def compiled_parts(texts: Iterable[str], target: Target) -> bytes:
    """The machine code of modules that call one another, for `linked`.

    They are compiled at the same time, on as many threads as programs run on, each as soon as it is there: `texts` may
    still be writing the next ones.

    Raises:
        InternalError: If a text is no valid module, or calls a function that does not exist.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    def made(text: str) -> bytes:
        return _emitted(*_checked(text, target))

    objects: list[bytes | Future[bytes]] = []
    with ThreadPoolExecutor(config.get_num_threads()) as threads:
        for text in texts:
            try:
                objects.append(threads.submit(made, text))
            except RuntimeError:
                # The system gives no thread.
                objects.append(made(text))
        found = [each if isinstance(each, bytes) else each.result() for each in objects]
    # What LLVM needed on its threads.
    give_back()
    tables = [symbols(each) for each in found]
    known = set(_PROVIDED).union(*[table.defined for table in tables])
    unknown = set().union(*[table.undefined for table in tables]) - known
    if unknown:
        raise InternalError("the machine code calls functions of libraries.", got=", ".join(sorted(unknown)))
    return b"".join(_LENGTH.pack(len(each)) + each for each in found)


def linked(code: bytes, *functions: str) -> tuple[dict[str, int], object]:
    """Bring what was compiled into the process.

    Returns:
        The addresses of the functions, and what keeps them valid for as long as it lives.
    """
    import llvmlite.binding as llvm

    builder, at = llvm.JITLibraryBuilder(), 0
    while at < len(code):
        (length,) = _LENGTH.unpack_from(code, at)
        at += _LENGTH.size + length
        builder.add_object_img(code[at - length : at])
    for name, address in _provided().items():
        builder.import_symbol(name, address)
    for name in functions:
        builder.export_symbol(name)
    with _lock:
        try:
            library = builder.link(_linker(), f"chainrule{next(_names)}")
        except RuntimeError as error:
            raise InternalError("machine code could not be linked.", got=str(error)) from None
    return {name: library[name] for name in functions}, library


def _checked(text: str, target: Target) -> tuple[llvm.ModuleRef, llvm.TargetMachine]:
    """The module, and what writes its code. A module that is not valid would end the process later."""
    import llvmlite.binding as llvm

    machine = _machine(target)
    try:
        # A context of its own: types and constants of a module stay in its context until that goes.
        module = llvm.parse_assembly(text, llvm.create_context())
        module.triple = target.triple
        module.verify()
    except RuntimeError as error:
        raise InternalError("the compiler has written text that LLVM does not take.", got=str(error)) from None
    return module, machine


def _emitted(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> bytes:
    """The object file of a module, as `machine.emit_object` makes it, but on several threads at the same time.

    llvmlite lets one call at a time into LLVM. LLVM itself asks for no more than a context for each thread.
    """
    from llvmlite.binding import ffi

    emit = ffi.lib.LLVMPY_TargetMachineEmitToMemory
    unlocked = getattr(emit, "_cfn", emit)
    with ffi.OutputString() as error:
        buffer = unlocked(machine, module, True, error)
        if not buffer:
            raise InternalError("LLVM has made no machine code.", got=str(error))
    try:
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(buffer), ffi.lib.LLVMPY_GetBufferSize(buffer))
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


def _machine(target: Target) -> llvm.TargetMachine:
    import llvmlite.binding as llvm

    if target.triple == host().triple:
        description = llvm.Target.from_triple(target.triple)
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        description = llvm.Target.from_triple(target.triple)
    return description.create_target_machine(cpu=target.cpu, features=target.features, opt=1, jit=True)


@cache
def _linker() -> llvm.LLJIT:
    """One for the process. On ARM by JITLink, since the older linker's jumps reach only so far."""
    import llvmlite.binding as llvm

    target = host()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(jit=True)
    return llvm.create_lljit_compiler(machine, use_jit_link=target.name == "neon")


@cache
def _provided() -> dict[str, int]:
    """`memmove` does what `memcpy` promises; ctypes knows where it is on every system."""
    addresses: dict[str, Any] = {"memcpy": ctypes.memmove, "memmove": ctypes.memmove, "memset": ctypes.memset}
    return {name: ctypes.cast(function, ctypes.c_void_p).value or 0 for name, function in addresses.items()}
