"""The tests' own tools: random graphs, and finding where two ways of running one differ."""

import numpy as np
import pytest

from chainrule.core.dtype import FLOATING
from chainrule.core.primitive import PRIMITIVES
from chainrule.graph import Apply, Graph, evaluate, rewrite, text, verify
from chainrule.ops.exponential import EXP, EXPM1
from tests.graph.differences import assert_same, first_difference
from tests.graph.operations import OPERATIONS
from tests.graph.random_graphs import random_graph


def primitives(graph: Graph) -> set[str]:
    return {value.primitive.name for value in graph.order() if isinstance(value, Apply)}


def test_every_primitive_is_drawn():
    assert set(OPERATIONS) == set(PRIMITIVES)
    assert set().union(*[primitives(random_graph(seed, 40)[0]) for seed in range(60)]) == set(PRIMITIVES)


def test_a_seed_is_a_graph():
    (graph, arrays), (again, others) = random_graph(5, 30), random_graph(5, 30)
    assert text(graph) == text(again)
    assert all(np.array_equal(x, y) for x, y in zip(arrays, others, strict=True))
    assert text(graph) != text(random_graph(6, 30)[0])


@pytest.mark.parametrize("seed", range(20))
def test_a_little_noise_changes_little(seed):
    """What is compared does not hang on rounding."""
    graph, arrays = random_graph(seed, 30)
    noise = np.random.default_rng(seed)
    disturbed = [
        np.asarray(x * (1 + noise.choice([-1, 1], x.shape) * np.finfo(x.dtype).eps), x.dtype)
        if x.dtype in FLOATING
        else x
        for x in arrays
    ]
    assert_same(graph, arrays, lambda graph, arrays: evaluate(graph, disturbed))


def with_a_mistake(graph, arrays):
    """A way of running graphs that takes exp(x) - 1 for exp(x)."""
    wrong = rewrite(graph, lambda value: Apply.of(EXPM1, *value.inputs) if value.primitive is EXP else value)
    return evaluate(wrong, arrays)


def test_the_first_difference_is_the_operation_that_is_wrong():
    seed = next(seed for seed in range(100) if "exp" in primitives(random_graph(seed, 30)[0]))
    graph, arrays = random_graph(seed, 30)
    found = first_difference(graph, arrays, with_a_mistake)
    assert primitives(verify(found.graph)) == {"exp"}
    assert first_difference(graph, arrays, evaluate) is None
    with pytest.raises(AssertionError, match=r"exp\("):
        assert_same(graph, arrays, with_a_mistake)
