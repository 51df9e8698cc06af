"""A program's module: where threads wait for one another, what is written once, and for which processors."""

import re
from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Program
from chainrule.errors import InternalError
from chainrule.native import cost
from chainrule.native.fingerprint import fingerprint
from chainrule.native.machine_code import assembly, compiled, compiled_parts
from chainrule.native.program import ProgramWriter, emit_program
from chainrule.native.step import sections
from chainrule.native.symbols import symbols
from chainrule.native.target import host
from tests.graph.recorder import record
from tests.native.harness import EVERY, NEON, PLAIN
from tests.native.programs import shareable, small

FLOAT = np.dtype(np.float32)


# --- sections ---


def cut(kernels):
    """The numbers of the kernels in each section, and which sections are shared.

    Each kernel is a word of letters: s(hared), w(aits), f(aults), u(pdates an input).
    """
    words = kernels.split()
    outputs = [Buffer("b", 4, FLOAT, "input" if "u" in word else "arena", i) for i, word in enumerate(words)]
    program = Program(
        tuple(_writer(output) for output in outputs), tuple("w" in word for word in words), (), 0, (), (), ()
    )
    found = sections(program, [4 if "s" in word else 1 for word in words], ["f" in word for word in words])
    return [[stage.kernel for stage in section.stages] for section in found], [section.threads > 1 for section in found]


def _writer(output):
    """A kernel of which only its output counts."""
    x = cr.ones(4)
    (kernel,) = compile_graph(record(lambda: [x + 1], [x])[0]).kernels
    (only,) = kernel.passes
    (store,) = only.statements
    return replace(kernel, passes=(replace(only, statements=(replace(store, buffer=output),)),))


@pytest.mark.parametrize(
    ("kernels", "expected", "shared"),
    [
        ("s s s", [[0, 1, 2]], [True]),
        ("s sw s sw", [[0], [1, 2], [3]], [True, True, True]),
        ("- w w", [[0, 1, 2]], [False]),  # the caller alone does one after another
        ("- w s", [[0, 1], [2]], [False, True]),  # the wait of 1 also held for 2, which comes after it
        ("s w w s", [[0], [1, 2], [3]], [True, False, True]),
        ("s - sw", [[0, 1], [2]], [True, True]),
        ("sf s su", [[0, 1], [2]], [True, True]),  # before inputs are written all agree on faults
        ("sf sw su", [[0], [1, 2]], [True, True]),
        ("f - u", [[0, 1, 2]], [False]),
        ("", [[]], [False]),
    ],
)
def test_threads_wait_only_where_they_must(kernels, expected, shared):
    assert cut(kernels) == (expected, shared)


def test_only_faults_before_it_keep_a_kernel_from_running():
    outputs = [Buffer("b", 4, FLOAT, "input", i) for i in range(3)]
    program = Program(tuple(_writer(output) for output in outputs), (False,) * 3, (), 0, (), (), ())
    (section,) = sections(program, [1] * 3, [True, False, True])
    assert [stage.guards for stage in section.stages] == [(), (0,), (0,)]


# --- the module ---


def test_equal_kernels_are_written_once():
    generator = cr.Generator(0)
    x, *weights = (cr.randn(24, 24, generator=generator) for _ in range(5))

    def layers():
        y = x
        for weight in weights:
            y = cr.tanh(y @ weight)
        return [y]

    program = compile_graph(record(layers, [x, *weights])[0])
    module, layout = emit_program(program, host())
    text = str(module)
    assert layout.kernels == 4
    # Where the last writes, to a result and not to the arena, is not in its code.
    assert text.count("define internal void @k") == 1


def test_what_is_written_does_not_grow_with_the_layers():
    x, y = cr.ones(4, 8), cr.zeros(4, dtype=cr.int64)
    model = cr.nn.Sequential(*[layer for _ in range(24) for layer in (cr.nn.Linear(8, 8), cr.nn.ReLU())])
    loss_function, optimizer = cr.nn.CrossEntropyLoss(), cr.optim.Adam(model.parameters())

    @cr.jit
    def step(x, y):
        optimizer.zero_grad()
        loss_function(model(x), y).backward()
        optimizer.step()

    module, layout = emit_program(compile_graph(step.lower(x, y).graph), host())
    text = str(module)
    assert layout.kernels > 100
    assert text.count("define internal void @k") < 20


@pytest.mark.parametrize(
    "different",
    [
        lambda x, y: [x + 0.0, y + -0.0],
        lambda x, y: [x * 2, y * 3],
        lambda x, y: [x * x, x * y],
        lambda x, y: [x - y, y - x * 1.5],
        lambda x, y: [x.sum(0), y.sum(1)],
        lambda x, y: [x.T + 1, y + 1],
        lambda x, y: [x[1:], y[:-1]],
        lambda x, y: [cr.tanh(x), cr.exp(y)],
    ],
)
def test_kernels_that_differ_in_anything_are_not_taken_for_equal(different):
    x, y = cr.ones(6, 6), cr.ones(6, 6)
    alone = [compile_graph(record(lambda i=i: [different(x, y)[i]], [x, y])[0]).kernels for i in (0, 1)]
    assert fingerprint(alone[0][0]) != fingerprint(alone[1][0])


@pytest.mark.parametrize("target", EVERY, ids=lambda target: target.name)
@pytest.mark.parametrize("example", [small, shareable])
def test_code_for_every_processor_calls_no_library(target, example):
    program = compile_graph(example()[0])
    compiled(str(emit_program(program, target)[0]), target)
    assert compiled_parts(ProgramWriter(program, target).parts(100), target)


def test_what_runs_the_kernels_is_the_same_for_many():
    def runner(example):
        *_, last = ProgramWriter(compile_graph(example()[0]), PLAIN).parts(1)
        found = re.findall(r"^define .*?^}", last, re.MULTILINE | re.DOTALL)
        return [re.sub(r"\d+", "0", each) for each in found]

    assert runner(small) == runner(shareable)


def test_the_team_runs_on_arm_too():
    text = assembly(str(emit_program(compile_graph(shareable()[0]), NEON)[0]), NEON)
    assert "ldar" in text or "ldapr" in text


def test_a_call_of_a_library_is_an_error():
    function = "define double @f(double %x) {\n  %y = call double @cos(double %x)\n  ret double %y\n}"
    text = "declare double @cos(double)\n" + function
    with pytest.raises(InternalError, match="cos"):
        compiled(text, PLAIN)


def test_text_that_is_no_module_is_an_error():
    for text in ("define i32 @f() {", "define void @f(i32 %x) {\n  ret i32 %x\n}"):
        with pytest.raises(InternalError, match="LLVM"):
            compiled(text, host())


def test_symbols_are_read_from_elf_files_only():
    assert symbols(b"\xcf\xfa\xed\xfe" + bytes(100)) == (set(), set())


# --- how many threads ---


def test_more_work_is_worth_more_threads():
    def threads(rows):
        x, w = cr.ones(rows, 64), cr.ones(64, 64)
        return emit_program(compile_graph(record(lambda: [x @ w], [x, w])[0]), host())[1].threads

    found = [threads(rows) for rows in (1, 64, 1024, 16384)]
    assert found[0] == 1
    assert found == sorted(found)
    assert found[-1] > 8


def test_a_large_table_that_is_only_looked_up_is_little_work():
    table, rows = cr.zeros(100_000, 64), cr.tensor([1, 2, 3])
    program = compile_graph(record(lambda: [table[rows] + 1], [table, rows])[0])
    assert sum(map(cost.microseconds, program.kernels)) < 1


def test_no_more_threads_than_units():
    x, w = cr.ones(4096, 64), cr.ones(64, 64)
    (kernel,) = compile_graph(record(lambda: [x @ w], [x, w])[0]).kernels
    assert [cost.worthwhile_threads(kernel, units) for units in (1, 5, 9)] == [1, 5, 9]
