"""Random graphs as machine code: right, the same bits on any number of threads, and not a byte beside their own."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import compile_graph
from chainrule.core.dtype import float32
from chainrule.graph import Apply, Graph, Input, evaluate
from chainrule.native.target import Target
from chainrule.ops.contraction import MATMUL
from tests.graph.random_graphs import close, random_graph
from tests.native.guarded import Guarded, Guards, always_shared, bits
from tests.native.harness import RUNNABLE

HOST, *OTHERS = RUNNABLE


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    yield
    cr.config.threads_changed()


def check(seed: int, size: int, target: Target) -> None:
    """A graph on 1, 2, 3 and 4 threads, and once more on 1."""
    graph, arrays = random_graph(seed, size)
    with always_shared():
        program = Guarded(compile_graph(graph), graph, target)
    expected, first = evaluate(graph, arrays), None
    for threads in (1, 2, 3, 4, 1):
        cr.set_num_threads(threads)
        found = program(arrays)
        for got, meant in zip(found, expected, strict=True):
            for i, (a, b) in enumerate(zip(got, meant, strict=True)):
                assert close(a, b), f"output {i} on {threads} threads"
        first = first or bits(found)
        assert bits(found) == first, f"{threads} threads"


@pytest.mark.parametrize("seed", range(40))
def test_a_random_graph(seed):
    check(seed, 30 + seed % 4 * 10, HOST)


@pytest.mark.parametrize("target", OTHERS, ids=lambda target: target.name)
@pytest.mark.parametrize("seed", range(40, 44))
def test_a_random_graph_with_the_instructions_of_other_processors(seed, target):
    check(seed, 40, target)


@pytest.mark.parametrize("inner", [1, 4, 40])
def test_a_product_that_is_one_number_is_written_as_one_number(inner):
    a, b = Input((1, inner), float32, "a"), Input((inner, 1), float32, "b")
    graph = Graph((a, b), (Apply.of(MATMUL, a, b),))
    (found,), _ = Guarded(compile_graph(graph), graph, HOST)(
        [np.ones((1, inner), float32), np.ones((inner, 1), float32)]
    )
    assert found == inner


def test_guards_notice_a_byte_beside_an_array():
    guards = Guards()
    inside = guards.copy(np.zeros(3, np.float32))
    guards.check()
    around = np.lib.stride_tricks.as_strided(inside, (5,), (4,))
    around[3] = 0
    with pytest.raises(AssertionError, match="0 bytes after a block of 12"):
        guards.check()
