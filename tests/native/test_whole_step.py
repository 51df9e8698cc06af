"""The whole training step of a network as machine code: vectors that are summed in loops do not leave registers."""

import re
from functools import cache

import pytest

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.compiler.kernel import Contraction, Program
from chainrule.native.machine_code import assembly
from chainrule.native.program import emit_program
from tests.native.harness import AVX2, NEON, RUNNABLE
from tests.native.registers import check_sums_stay_in_registers, innermost_loops


@cache
def program() -> Program:
    """A step of Adam on a perceptron of 784-128-64-10 units with batches of 64."""
    cr.manual_seed(0)
    nn = cr.nn
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = cr.optim.Adam(model.parameters(), lr=1e-3)

    @cr.jit
    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return compile_graph(step.lower(cr.zeros(64, 784), cr.zeros(64, dtype=cr.int64)).graph)


def functions(text: str) -> dict[int, str]:
    """The assembly of each kernel's function, by the kernel's number."""
    starts = [(int(match[1]), match.start()) for match in re.finditer(r"^\"?k(\d+)\.[^\n]*:", text, re.MULTILINE)]
    ends = [start for _, start in starts[1:]] + [text.index("find:")]
    return {number: text[start:end] for (number, start), end in zip(starts, ends, strict=True)}


@pytest.mark.parametrize("target", [RUNNABLE[0], AVX2, NEON], ids=lambda target: target.name)
def test_sums_stay_in_registers(target):
    found = functions(assembly(str(emit_program(program(), target)[0]), target))
    products = [number for number, kernel in enumerate(program().kernels) if isinstance(kernel, Contraction)]
    assert len(products) == 8  # three forward, two to inputs, three to weights
    for number in products:
        check_sums_stay_in_registers(found[number])
    loops = [loop for text in found.values() for loop in innermost_loops(text)]
    assert not [loop for loop in loops if re.search(r"\bcall|\bbl\b", loop)]
