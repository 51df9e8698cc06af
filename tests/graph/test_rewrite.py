import numpy as np

from chainrule.core.dtype import float32
from chainrule.graph import Apply, Constant, Graph, Input, Value, evaluate, rewire, rewrite, text
from chainrule.ops.arithmetic import ADD, MUL, NEG

X = Input((2,), float32, "x")
ONE = Constant.of(np.float32(1))


def incremented(times: int) -> Apply:
    value: Value = X
    for _ in range(times):
        value = Apply.of(ADD, value, ONE)
    return value


def without_negatives(value: Apply) -> Value:
    return value.inputs[0] if value.primitive is NEG else value


def test_what_does_not_change_is_shared():
    kept = Apply.of(MUL, X, X)
    graph = Graph((X,), (kept, Apply.of(ADD, Apply.of(NEG, X), X)), ((0, kept),))
    changed = rewrite(graph, without_negatives)
    assert changed.results[0] is kept
    assert changed.writes == ((0, kept),)
    assert changed.results[1].inputs == (X, X)
    assert rewrite(changed, without_negatives) is changed


def test_graphs_may_be_deep():
    graph = Graph((X,), (incremented(20_000),))
    assert evaluate(graph, [np.zeros(2, np.float32)])[0][0].tolist() == [20_000, 20_000]
    doubled = rewrite(graph, lambda value: Apply.of(ADD, value.inputs[0], ONE))
    assert len(doubled.order()) == len(graph.order())
    assert text(doubled).count("\n") > 20_000


def test_inputs_are_changed_in_terms_of_the_old_graph():
    first, second = incremented(1), incremented(2)
    total = Apply.of(MUL, first, second)
    graph = Graph((X,), (total, first))
    # Both factors become values that are themselves rewired: the first takes x² where it took x.
    changed = rewire(graph, {total: (second, first), first: (Apply.of(MUL, X, X), ONE)})
    (product, last), _ = evaluate(changed, [np.array([2, 3], np.float32)])
    assert last.tolist() == [5, 10]
    assert product.tolist() == [4 * 5, 5 * 10]
    assert rewire(graph, {}) is graph
