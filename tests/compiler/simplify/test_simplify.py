import numpy as np

from chainrule.compiler.simplify import simplify
from chainrule.graph import evaluate
from tests.graph.recorder import training_step


def test_a_training_step_keeps_its_meaning_and_loses_a_fifth_of_its_values():
    graph, arrays = training_step()
    simple = simplify(graph, check=True)
    for got, expected in zip(evaluate(simple, arrays), evaluate(graph, arrays), strict=True):
        for x, y in zip(got, expected, strict=True):
            np.testing.assert_array_max_ulp(x, y, 2)
    assert len(simple.order()) < 0.8 * len(graph.order())
