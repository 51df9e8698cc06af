"""Programs as text: whole, and kernel by kernel."""

import pytest

from chainrule.compiler import compile_graph
from chainrule.compiler.kernel import buffers
from chainrule.native.listing import kernel_listing, program_listing
from chainrule.native.target import host
from tests.native.harness import EVERY
from tests.native.programs import shareable

TARGETS = pytest.mark.parametrize("target", EVERY, ids=lambda target: target.name)


@pytest.fixture(scope="module")
def program():
    return compile_graph(shareable()[0])


def test_a_whole_program_has_all_kernels_and_the_step(program):
    text = program_listing(program, "llvm", host())
    assert "define i64 @run(ptr %p0)" in text
    for language in ("llvm", "asm"):
        text = program_listing(program, language, host())
        assert "run" in text
        assert all(f"k{number}." in text for number in range(len(program.kernels)))


@TARGETS
@pytest.mark.parametrize(("language", "comment"), [("llvm", ";"), ("asm", "#")])
def test_one_kernel_alone(program, target, language, comment):
    number = len(program.kernels) - 1
    kernel = program.kernels[number]
    text = kernel_listing(program, [number], language, target)
    first, *_ = text.splitlines()
    assert first == f"{comment} kernel {number}: {kernel.name}"
    assert text.count("kernel ") == 1
    assert all(buffer.name in text for buffer in buffers(kernel))
    assert f"k{number}." in text
    assert "@run" not in text
    assert "k0." not in text
