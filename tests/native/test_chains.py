"""Chains as machine code: right, the same bits on any number of threads, and not a byte beside their own."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.compiler import chains, cheap, compile_graph
from chainrule.compiler.expression import Number, Result
from chainrule.compiler.index import Var
from chainrule.compiler.kernel import Fold, Loops, Pass
from chainrule.graph import evaluate
from chainrule.native.loops.units import units_of
from chainrule.native.program import emit_program
from tests.graph.recorder import record
from tests.native.guarded import Guarded, always_shared, bits
from tests.native.harness import RUNNABLE


@pytest.fixture(autouse=True)
def small_arrays_are_worth_it(monkeypatch):
    monkeypatch.setattr(cheap, "LARGE", 1)
    monkeypatch.setattr(chains, "_PREPARED", 0)
    monkeypatch.setattr("chainrule.config._num_threads", None)
    yield
    cr.config.threads_changed()


def network(channels, side):
    """Convolutions of every kind, normalised and pooled."""
    nn = cr.nn
    return nn.Sequential(
        *(nn.Conv2d(channels, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(5, 5, 3, padding=1, groups=5), nn.BatchNorm2d(5), nn.ReLU()),
        *(nn.Conv2d(5, 9, 1), nn.BatchNorm2d(9), nn.ReLU(), nn.Conv2d(9, 16, 3, padding=1), nn.BatchNorm2d(16)),
        *(nn.ReLU(), nn.Conv2d(16, 4, 3, stride=2), nn.ReLU(), nn.Flatten()),
        nn.Linear(4 * ((side // 2 - 1) // 2) ** 2, 3),
    )


def step_of(batch, channels, side):
    """A step of training, as a graph with its arrays."""
    cr.manual_seed(batch)
    model = network(channels, side)
    x, y = cr.randn(batch, side, side, channels), cr.randint(0, 3, (batch,))
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        loss = cr.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return [loss]

    running = [buffer for buffer in model.buffers() if buffer.dtype == cr.float32]
    return record(step, [x, y, *model.parameters(), *running])


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
@pytest.mark.parametrize(("batch", "channels", "side"), [(16, 1, 12), (24, 3, 13), (10, 2, 10), (64, 4, 8)])
def test_a_step_of_training(batch, channels, side, target):
    graph, arrays = step_of(batch, channels, side)
    program = compile_graph(graph)
    assert len(program.chains) > 2
    assert any(chain.within for chain in program.chains)
    with always_shared():
        guarded = Guarded(program, graph, target)
    expected, first = evaluate(graph, arrays), None
    for threads in (1, 2, 3, 8, 11, 1):
        cr.set_num_threads(threads)
        found = guarded(arrays)
        for got, meant in zip(found, expected, strict=True):
            assert all(np.allclose(a, b, rtol=2e-3, atol=2e-5) for a, b in zip(got, meant, strict=True))
        first = first or bits(found)
        assert bits(found) == first, f"{threads} threads"


@pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)
def test_chains_are_not_quietly_done_kernel_by_kernel(target):
    nn = cr.nn
    model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 16, 1), nn.Flatten())
    x = cr.randn(16, 12, 12, 3)

    def gradients():
        (model(x) ** 2).sum().backward()
        return [weight.grad for weight in model.parameters()]

    program = compile_graph(record(gradients, [x, *model.parameters()])[0])
    written = str(emit_program(program, target)[0])
    done = re.findall(r"\{ptr @chain, i64 \d+, i64 (\d+), i64 (\d+),", written)
    # The matrix unit divides pictures in its own way.
    called = sum(int(end) - int(first) for first, end in done)
    assert called == sum(chain.stop - chain.first for chain in program.chains) > 3 or target.matrix


@given(
    extents=st.lists(st.integers(1, 60), min_size=1, max_size=3),
    dear=st.booleans(),
    lanes=st.sampled_from([0, 4, 8, 16]),
    stretches=st.integers(2, 16),
)
@settings(deadline=None)
def test_no_unit_belongs_to_two_stretches(extents, dear, lanes, stretches):
    outer = tuple(Var(f"i{d}", extent) for d, extent in enumerate(extents))
    inner = (Var("j", 4000),) if dear else ()
    fold = Fold("sum", Number(np.dtype(np.float32), 1.0), Result(np.dtype(np.float32), "sum"))
    units = units_of(Loops("kernel", outer, (Pass(inner, (fold,)),), stretches=stretches), lanes)
    if not units.stretches:
        rows = math.prod(extents[:-1] if lanes else extents)
        assert rows % stretches
        assert rows > 1 or extents[-1] % (stretches * max(lanes, 1))
        return
    # Where the units of a stretch end, as many outer indices have been gone over as belong to it.
    each = units.count // stretches
    assert each * stretches == units.count
    for stretch in range(stretches + 1):
        row, piece = divmod(stretch * each * units.items, units.pieces)
        length = extents[-1] if lanes else 1
        assert (row * length + piece * units.piece) * stretches == stretch * math.prod(extents)
