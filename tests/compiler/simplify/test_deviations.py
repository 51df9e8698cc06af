"""Sums without the deviations from a mean, which add up to nothing."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.simplify import simplify
from chainrule.graph import Apply, Graph, evaluate
from tests.graph.recorder import record


def sums(graph: Graph) -> int:
    return sum(isinstance(value, Apply) and value.primitive.name == "sum" for value in graph.order())


@pytest.mark.parametrize(
    ("norm", "shape", "count"),
    [(cr.nn.BatchNorm1d(6), (9, 6), 4), (cr.nn.BatchNorm2d(6), (4, 3, 2, 6), 4), (cr.nn.LayerNorm(6), (9, 6), 6)],
    ids=["BatchNorm1d", "BatchNorm2d", "LayerNorm"],
)
def test_the_gradient_of_a_normalisation_needs_no_sum_of_its_own(norm, shape, count):
    generator = cr.Generator(1)
    x, g = (cr.randn(*shape, generator=generator) for _ in range(2))
    x.requires_grad = True

    def backward():
        x.grad = None
        norm.zero_grad()
        (norm(x) * g).sum().backward()
        return [x.grad, *[parameter.grad for parameter in norm.parameters()]]

    graph, arrays = record(backward, [x, g, *norm.parameters(), *norm.buffers()])
    simple = simplify(graph, check=True)
    # Mean, variance, and the gradients of weight and bias; of LayerNorm also those of its input.
    assert sums(simple) == count
    for got, expected in zip(evaluate(simple, arrays)[0], evaluate(graph, arrays)[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_what_is_not_finite_stays_so():
    x = cr.tensor([[1.0, 2.0, 1.0], [float("inf"), 5.0, float("nan")]])

    def total():
        y = x - x.mean(0)
        return [(y * 3 + x * 2).sum(0)]

    graph, arrays = record(total, [x])
    found = evaluate(simplify(graph, check=True), arrays)[0][0]
    np.testing.assert_array_equal(found, [np.nan, 14, np.nan])


def test_deviations_along_other_dimensions_are_summed():
    x = cr.randn(3, 3, generator=cr.Generator(1))
    graph, arrays = record(lambda: [(x - x.mean(1, keepdim=True)).sum(0), (x - x.mean(0) * 2).sum(0)], [x])
    simple = simplify(graph, check=True)
    for got, expected in zip(evaluate(simple, arrays)[0], evaluate(graph, arrays)[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_sums_that_differ_by_factors_are_made_once():
    x, y, a, b = (cr.randn(*shape, generator=cr.Generator(n)) for n, shape in enumerate([(5, 3), (5, 3), (3,), (3,)]))
    graph, arrays = record(lambda: [(x * a * y).sum(0), (x * (y * b)).sum(0), (x * y * 2).sum(0)], [x, y, a, b])
    simple = simplify(graph, check=True)
    # A number is no factor of a column: a mean could overflow without it.
    assert sums(simple) == 2
    for got, expected in zip(evaluate(simple, arrays)[0], evaluate(graph, arrays)[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_a_factor_that_differs_within_a_sum_stays_in_it():
    x, a = cr.randn(5, 3, generator=cr.Generator(1)), cr.randn(5, 1, generator=cr.Generator(2))
    graph, arrays = record(lambda: [(x * a).sum(0), (x * a).sum(1)], [x, a])
    simple = simplify(graph, check=True)
    assert len([value for value in simple.order() if isinstance(value, Apply) and value.primitive.name == "mul"]) == 2
    for got, expected in zip(evaluate(simple, arrays)[0], evaluate(graph, arrays)[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
