"""Reads assembly: whether what is summed stays in registers."""

from __future__ import annotations

import re

_MULTIPLIES_AND_ADDS = re.compile(r"\bv?fmadd|\bfmla|\btdpbf16ps")
_VECTOR_ON_THE_STACK = re.compile(r"[xyz]mm.*\(%rsp|\(%rsp.*[xyz]mm|\b(ldr|str|ldp|stp)\s+q.*\[sp")
# What a loop of sums does when it is over; one that transforms tiles does it all the time.
_STORES_A_VECTOR = re.compile(r"\bv?mov\w+\s+%[xyz]mm\d+, [^%\n]*\(%(?!rsp)|\b(str|stp)\s+q.*\[(?!sp)")


def check_sums_stay_in_registers(assembly: str) -> None:
    """No loop that sums up products moves vectors to the stack or from it; and there is such a loop."""
    loops = [
        loop
        for loop in innermost_loops(assembly)
        if _MULTIPLIES_AND_ADDS.search(loop) and not _STORES_A_VECTOR.search(loop)
    ]
    assert loops
    for loop in loops:
        assert not _VECTOR_ON_THE_STACK.search(loop), loop


def innermost_loops(assembly: str) -> list[str]:
    """The stretches from a label to a jump back to it that hold no other label."""
    lines = assembly.splitlines()
    found, label, start = [], "", 0
    for i, line in enumerate(lines):
        if match := re.match(r"(\.L\w+|L\w+):", line):
            label, start = match[1], i
        elif label and re.match(rf"\s+(j\w+|b\.\w+|cbn?z|tbn?z)\s.*{re.escape(label)}\b", line):
            found.append("\n".join(lines[start : i + 1]))
    return found
