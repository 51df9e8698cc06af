"""Normalisation by known statistics becomes a factor and a summand of the sums before it."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.simplify import simplify
from chainrule.core.shape import size
from chainrule.graph import Apply, Graph, evaluate
from tests.graph.recorder import record

LAYERS = [
    (lambda: cr.nn.Conv2d(3, 8, 3, padding=1), cr.nn.BatchNorm2d, (4, 6, 6, 3)),
    (lambda: cr.nn.Conv2d(8, 8, 3, groups=8, bias=False), cr.nn.BatchNorm2d, (4, 6, 6, 8)),
    (lambda: cr.nn.Conv2d(3, 8, 1, bias=False), cr.nn.BatchNorm2d, (4, 6, 6, 3)),
    (lambda: cr.nn.ConvTranspose2d(3, 8, 2, stride=2), cr.nn.BatchNorm2d, (1, 3, 3, 3)),
    (lambda: cr.nn.Linear(5, 8), cr.nn.BatchNorm1d, (4, 5)),
]


def normalised(layer: cr.nn.Module, norm: cr.nn.Module) -> cr.nn.Module:
    """A layer and its normalisation, with statistics and weights as training leaves them."""
    norm.load_state_dict(
        norm.state_dict()
        | {
            "running_mean": cr.randn(8) * 3,
            "running_var": cr.cat([cr.zeros(1), cr.rand(7) * 4]),
            "weight": cr.randn(8),
            "bias": cr.randn(8),
        }
    )
    return cr.nn.Sequential(layer, norm, cr.nn.ReLU())


def large(graph: Graph) -> list[str]:
    """The elementwise operations on more than a number a channel."""
    names = ("add", "sub", "mul", "rsqrt")
    values = [value for value in graph.order() if isinstance(value, Apply) and value.primitive.name in names]
    return [value.primitive.name for value in values if size(value.shape) > 8]


@pytest.mark.parametrize(("layer", "norm", "shape"), LAYERS)
def test_batch_normalisation_in_evaluation_is_one_factor_and_one_summand(layer, norm, shape):
    cr.manual_seed(0)
    model, x = normalised(layer(), norm(8)).eval(), cr.randn(*shape)
    graph, arrays = record(lambda: [model(x)], [x, *model.state_dict().values()])
    simple = simplify(graph, check=True)
    assert large(simple) == ["mul", "add"]
    (expected,), _ = evaluate(graph, arrays)
    (found,), _ = evaluate(simple, arrays)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_what_predict_gives_follows_the_statistics():
    cr.manual_seed(0)
    model, x = normalised(cr.nn.Conv2d(3, 8, 3), cr.nn.BatchNorm2d(8)), np.ones((2, 5, 5, 3), np.float32)
    model.predict(x)
    model[1].running_mean.add_(1.0)
    model[0].weight.data.mul_(2.0)
    expected = model.eval()(cr.tensor(x)).detach().numpy()
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_statistics_of_the_batch_itself_stay_where_they_are():
    cr.manual_seed(0)
    model, x = normalised(cr.nn.Conv2d(3, 8, 3), cr.nn.BatchNorm2d(8)).train(), cr.randn(4, 6, 6, 3)
    graph, _ = record(lambda: [model(x)], [x])
    assert "sub" in large(simplify(graph))


def test_what_no_sum_of_products_is_before_stays_as_it_is():
    # Here digits would be lost: x - 1e6 is exact.
    x, scale = cr.tensor([[1e6], [1e6 + 1]]), cr.tensor([3.0])
    graph, arrays = record(lambda: [(x - 1e6) * scale * scale], [x, scale])
    (found,), _ = evaluate(simplify(graph), arrays)
    assert found.tolist() == [[0.0], [9.0]]
