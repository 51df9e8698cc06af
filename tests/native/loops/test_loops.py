"""`Loops` kernels as machine code against what they mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler.expression import Buffer
from chainrule.compiler.kernel import Loops, Program, buffers
from chainrule.native.loops import emit_loops
from chainrule.native.target import Target
from tests.compiler import kernels_in_numpy
from tests.native.harness import RUNNABLE, Compiled
from tests.native.loops.random_kernels import kernels


def expected(kernel: Loops, arrays: dict[Buffer, np.ndarray]) -> dict[Buffer, np.ndarray]:
    """The contents of the buffers afterwards, by definition."""
    program = Program((kernel,), (False,), (), 0, (), tuple(arrays))
    _, after = kernels_in_numpy.run(program, list(arrays.values()))
    return dict(zip(arrays, after, strict=True))


def computed(kernel: Loops, arrays: dict[Buffer, np.ndarray], target: Target) -> dict[Buffer, np.ndarray]:
    """The same, by machine code."""
    order = buffers(kernel)
    compiled = Compiled(lambda module: emit_loops(module, kernel, "kernel", target), len(order), target)
    after = {buffer: array.copy() for buffer, array in arrays.items()}
    assert compiled(*[after[buffer] for buffer in order]) is None
    return after


@settings(max_examples=40)
@given(made=kernels(), target=st.sampled_from(RUNNABLE))
def test_random_kernels(made: tuple[Loops, dict[Buffer, np.ndarray]], target: Target) -> None:
    kernel, arrays = made
    after, right = computed(kernel, arrays, target), expected(kernel, arrays)
    for buffer in arrays:
        np.testing.assert_array_equal(after[buffer], right[buffer], err_msg=buffer.name)
