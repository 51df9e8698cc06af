"""The ends of vectors where there are no registers for masks: read and written in pieces, not lane by lane."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.graph import evaluate
from chainrule.native.machine_code import assembly
from chainrule.native.program import emit_program
from chainrule.native.target import host
from tests.graph.recorder import record
from tests.native.guarded import Guarded
from tests.native.harness import AVX2, RUNNABLE


def pooling(channels):
    """A pooling layer with its gradient, which looks up where the largest numbers were: floats, bools and positions."""
    x = cr.randn(2, 6, 4, channels, generator=cr.Generator(channels)).requires_grad_()

    def step():
        (grad,) = cr.autograd.grad(cr.nn.functional.max_pool2d(x, 2).exp().sum(), [x])
        return [grad]

    return record(step, [x])


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
@pytest.mark.parametrize("channels", [*range(1, 18), 23, 31, 33])
def test_ends_of_any_length(channels, target):
    graph, arrays = pooling(channels)
    (found,), _ = Guarded(compile_graph(graph), graph, target)(arrays)
    (expected,), _ = evaluate(graph, arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("channels", [5, 6, 13])
def test_no_lane_is_written_by_itself(channels):
    graph, _ = pooling(channels)
    text = assembly(str(emit_program(compile_graph(graph), AVX2)[0]), AVX2)
    # Stores under a mask; single bytes would need one for each lane, with a branch.
    assert not re.search(r"vmaskmovps\t%ymm\d+, %ymm\d+, ", text)
    assert not re.search(r"testb\t\$-128, ", text)


def test_no_instruction_that_has_no_wide_form_is_asked_for():
    assert "+sse4a" not in host().features
