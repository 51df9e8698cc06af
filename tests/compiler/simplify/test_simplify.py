import numpy as np
import pytest

from chainrule.compiler.simplify import simplify
from chainrule.compiler.simplify.rules import apply_rules
from chainrule.errors import ChainruleError
from chainrule.graph import Apply, Graph, Input, evaluate
from tests.graph.differences import assert_same
from tests.graph.random_graphs import random_graph
from tests.graph.recorder import training_step

# What adds up in an order that depends on how operands lie in memory, and the powers, which are rounded otherwise.
ROUNDED = {
    *("matmul", "convolution", "convolution_input", "convolution_weight"),
    *("sum", "cumsum", "index_add", "overlap_add", "pow"),
}
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 1e-40, 3e38]


def test_a_training_step_keeps_its_meaning_and_loses_a_sixth_of_its_values():
    graph, arrays = training_step()
    simple = simplify(graph, check=True)
    for got, expected in zip(evaluate(simple, arrays), evaluate(graph, arrays), strict=True):
        for x, y in zip(got, expected, strict=True):
            np.testing.assert_array_max_ulp(x, y, 2)
    assert len(simple.order()) < 5 / 6 * len(graph.order())
    assert simplify(simple) is simple


def test_rules_are_asked_once_about_what_they_have_nothing_to_say_about():
    graph, _ = training_step()
    asked = []

    def nothing(value):
        asked.append(value)

    applied = [value for value in graph.order() if isinstance(value, Apply)]
    rules, settled = {value.primitive: (nothing,) for value in applied}, set()
    assert apply_rules(apply_rules(graph, rules, settled), rules, settled) is graph
    assert asked == applied
    apply_rules(graph, rules)
    assert asked == applied * 2


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_keep_their_meaning(seed):
    graph, arrays = random_graph(seed, 40)
    assert_same(graph, arrays, lambda graph, arrays: evaluate(simplify(graph, check=True), arrays))


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_keep_nan_infinities_and_signed_zeros(seed):
    graph, arrays = random_graph(seed, 40, without=ROUNDED)
    draw = np.random.default_rng(seed)
    given = [strewn(draw, array) if array.dtype.kind == "f" else array for array in arrays]
    expected, got = outcome(graph, given), outcome(simplify(graph), given)
    assert len(got) == len(expected)
    for x, y in zip(got, expected, strict=True):
        if x.dtype.kind != "f":
            np.testing.assert_array_equal(x, y)
            continue
        numbers = ~np.isnan(y)
        np.testing.assert_array_equal(np.isnan(x), np.isnan(y))
        np.testing.assert_array_equal(np.signbit(x[numbers]), np.signbit(y[numbers]))
        # NumPy itself rounds some functions otherwise where an array lies in memory otherwise.
        np.testing.assert_array_max_ulp(x[numbers], y[numbers], 4)


def strewn(draw: np.random.Generator, array: np.ndarray) -> np.ndarray:
    """The array with special numbers in some places."""
    special = draw.choice(SPECIAL, array.shape).astype(array.dtype)
    return np.asarray(np.where(draw.random(array.shape) < 0.4, special, array), array.dtype)


def outcome(graph: Graph, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Results and writes; nothing if an error is raised (where a NaN became an integer, say, that cannot divide)."""
    try:
        results, writes = evaluate(graph, arrays)
    except ChainruleError:
        return []
    return [*results, *writes]


def test_a_graph_with_nothing_to_do_is_itself():
    x = Input((2,), np.dtype(np.float32), "x")
    graph = Graph((x,), (x,))
    assert simplify(graph) is graph
