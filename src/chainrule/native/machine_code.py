"""From LLVM text to machine code, and from machine code to functions of this process.

None of LLVM's optimising passes run: the emitters write vectors, fused loops and values that are computed once, and
what the code generator does by itself is enough. The passes take longer than everything else together and change the
speed of the result by no more than chance (docs/performance.md).
"""

from __future__ import annotations

import ctypes
import itertools
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from chainrule.errors import InternalError
from chainrule.native.symbols import undefined_symbols
from chainrule.native.target import Target, host

if TYPE_CHECKING:
    import llvmlite.binding as llvm

# What LLVM may call on its own account. Everything else would be a library's function in the midst of a kernel.
_PROVIDED = ("memcpy", "memmove", "memset")

_lock = threading.Lock()
_names = itertools.count()


def assembly(text: str, target: Target) -> str:
    """The assembly of a module."""
    module, machine = _checked(text, target)
    result: str = machine.emit_assembly(module)
    return result


def compiled(text: str, target: Target) -> bytes:
    """The object file of a module.

    Raises:
        InternalError: If the text is no valid module, or calls a function that does not exist.
    """
    module, machine = _checked(text, target)
    code: bytes = machine.emit_object(module)
    unknown = undefined_symbols(code) - set(_PROVIDED)
    if unknown:
        raise InternalError("the machine code calls functions of libraries.", got=", ".join(sorted(unknown)))
    return code


def linked(code: bytes, *functions: str) -> tuple[dict[str, int], object]:
    """Bring an object file into the process.

    Returns:
        The addresses of the functions, and what keeps them valid for as long as it lives.
    """
    import llvmlite.binding as llvm

    builder = llvm.JITLibraryBuilder().add_object_img(code)
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


def _machine(target: Target) -> llvm.TargetMachine:
    import llvmlite.binding as llvm

    if target.triple == host().triple:
        description = llvm.Target.from_triple(target.triple)
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        description = llvm.Target.from_triple(target.triple)
    return description.create_target_machine(cpu=target.cpu, features=target.features, opt=3, jit=True)


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
