"""The passes that look at more than one value: what each does, and what it leaves alone."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.simplify import simplify
from chainrule.core.dtype import float32, int64
from chainrule.errors import IndexingError
from chainrule.graph import Apply, Constant, Graph, Input, Value, evaluate, inputs_of, topological
from chainrule.ops.arithmetic import ADD, FLOOR_DIVIDE, MAXIMUM, MUL, SUB
from chainrule.ops.contraction import MATMUL
from chainrule.ops.exponential import EXP
from chainrule.ops.index import GATHER, SCATTER_ADD
from chainrule.ops.movement import BROADCAST, PAD, PERMUTE, RESHAPE
from chainrule.ops.reduce import ARGMAX, SUM
from tests.graph.recorder import record

X = Input((3, 4), float32, "x")
Y = Input((3, 4), float32, "y")


def result(*values: Value, inputs: tuple[Input, ...] = (X, Y)) -> tuple[Value, ...]:
    return simplify(Graph(inputs, values), check=True).results


def count(graph: Graph, name: str) -> int:
    return sum(isinstance(value, Apply) and value.primitive.name == name for value in graph.order())


# Constants


def test_what_is_computed_of_constants_is_a_constant():
    two, three = Constant.of(np.float32(2)), Constant.of(np.arange(3, dtype=np.float32))
    (product,) = result(Apply.of(MUL, Apply.of(ADD, two, two), three))
    assert isinstance(product, Constant)
    assert product.array.tolist() == [0, 4, 8]


def test_a_stretched_constant_stays_a_number():
    (stretched,) = result(Apply.of(EXP, Apply.of(BROADCAST, Constant.of(np.float32(0)), shape=(1000, 1000))))
    assert stretched.inputs[0].array == 1


def test_large_constants_are_not_made():
    column, row = Constant.of(np.ones((1000, 1), np.float32)), Constant.of(np.ones((1, 1000), np.float32))
    (product,) = result(Apply.of(MATMUL, column, row))
    assert isinstance(product, Apply)


def test_an_error_is_left_to_the_call():
    seven, zero = (Constant.of(np.asarray(n)) for n in (7, 0))
    (quotient,) = result(Apply.of(FLOOR_DIVIDE, seven, zero))
    assert isinstance(quotient, Apply)


# Common subexpressions


def test_what_is_computed_twice_is_computed_once():
    def product() -> Apply:
        return Apply.of(MUL, Apply.of(ADD, X, Y), Constant.of(np.float32(0.3)))

    first, second = result(product(), product())
    assert first is second


def test_the_order_of_operands_matters_only_where_it_matters():
    a, b, c, d, e, f = result(*[Apply.of(p, *pair) for p in (ADD, SUB, MAXIMUM) for pair in ((X, Y), (Y, X))])
    assert a is b
    assert c is not d
    assert e is not f


def test_parameters_that_are_equal_but_not_the_same_are_told_apart():
    def padded(value: float) -> Apply:
        return Apply.of(PAD, X, widths=((1, 0), (0, 0)), inner=(0, 0), value=value)

    zero, minus_zero, again = result(padded(0.0), padded(-0.0), padded(0.0))
    assert zero is again
    assert zero is not minus_zero


# Products


def turned(value: Value) -> Apply:
    return Apply.of(PERMUTE, value, dims=(1, 0))


def test_a_product_that_is_only_used_turned_is_computed_turned():
    (product,) = result(turned(Apply.of(MATMUL, turned(X), Y)))
    assert product.primitive is MATMUL
    assert product.inputs[0].primitive is PERMUTE
    assert product.inputs[1] is X


def test_a_product_that_is_used_as_it_is_stays():
    product = Apply.of(MATMUL, turned(X), Y)
    graph = simplify(Graph((X, Y), (product, turned(product))))
    assert count(graph, "matmul") == 1


# Cross entropy

INDEX = Input((3, 1), int64, "index")
PICKED = Apply.of(GATHER, X, INDEX, axis=1)


def scattered(length: int = 4) -> Apply:
    return Apply.of(SCATTER_ADD, PICKED, INDEX, axis=1, length=length)


def test_the_gradient_of_picking_one_a_row_is_a_choice():
    given = [np.array([[0.0, -0.0, 1, 2]] * 3, np.float32), np.array([[1], [0], [3]])]
    graph = Graph((X, INDEX), (scattered(), Apply.of(SUM, scattered(), dims=(1,)), PICKED))
    simple = simplify(graph, check=True)
    assert count(simple, "scatter_add") == count(simple, "sum") == 0
    for got, expected in zip(evaluate(simple, given)[0], evaluate(graph, given)[0], strict=True):
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))
    with pytest.raises(IndexingError):
        evaluate(simple, [given[0], np.array([[1], [4], [0]])])


@pytest.mark.parametrize(
    "value", [scattered(5), Apply.of(SCATTER_ADD, Y, Input((3, 4), int64, "many"), axis=1, length=4)]
)
def test_scatters_whose_index_nothing_else_checks_stay(value):
    graph = simplify(Graph((X, Y, INDEX, *[x for x in value.inputs if isinstance(x, Input)]), (value,)))
    assert count(graph, "scatter_add") == 1


# Masks


def gradient_of(activation) -> tuple[Graph, list[np.ndarray]]:
    x = cr.tensor([[-1.0, -0.0, 0.0, 2.0, float("nan"), float("inf"), -float("inf")]], requires_grad=True)
    w = cr.tensor([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0]], requires_grad=True)

    def step():
        h = activation(x * 1.5)
        return [h, *cr.autograd.grad((h @ w).sum(), [x, w])]

    return record(step, [x, w])


@pytest.mark.parametrize("activation", [cr.relu, cr.nn.functional.leaky_relu], ids=["relu", "leaky_relu"])
def test_the_derivative_of_a_rectifier_needs_its_result_alone(activation):
    graph, arrays = gradient_of(activation)
    simple = simplify(graph, check=True)
    for got, expected in zip(evaluate(simple, arrays)[0], evaluate(graph, arrays)[0], strict=True):
        np.testing.assert_array_equal(got, expected)
    h, gradient, _ = simple.results
    needed = topological([gradient], lambda value: () if value is h else inputs_of(value))
    assert h in needed
    assert simple.inputs[0] not in needed


@pytest.mark.parametrize("activation", [cr.relu, cr.nn.functional.leaky_relu], ids=["relu", "leaky_relu"])
def test_masks_are_read_off_once(activation):
    simple = simplify(gradient_of(activation)[0])
    assert simplify(simple) is simple


# The largest


def largest(place_is_read: bool) -> tuple[Value, ...]:
    place = Apply.of(ARGMAX, X, dim=1)
    found = Apply.of(GATHER, X, Apply.of(RESHAPE, place, shape=(3, 1)), axis=1)
    outputs = (Apply.of(EXP, found), *([place] if place_is_read else []))
    return result(*outputs)


def test_what_was_looked_up_where_it_is_largest_is_the_largest():
    (value,) = largest(place_is_read=False)
    computed = [each for each in topological([value]) if isinstance(each, Apply)]
    assert {each.primitive.name for each in computed} == {"amax", "reshape", "exp"}


def test_where_the_place_is_read_as_well_it_is_one_pass_for_both():
    value, place = largest(place_is_read=True)
    assert place in topological([value])
    assert place.primitive is ARGMAX
