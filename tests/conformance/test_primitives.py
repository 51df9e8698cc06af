"""What holds of every primitive: its rules agree with one another, and its derivative with differences."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.abstract import shapes_only
from chainrule.core.dtype import is_floating
from chainrule.core.primitive import PRIMITIVES, Primitive, Spec
from tests.conformance.table import ROWS, Row

EVERY = [
    pytest.param(PRIMITIVES[name], row, id=f"{name}-{i}") for name, rows in ROWS.items() for i, row in enumerate(rows)
]
EVERY_DTYPE = [
    pytest.param(PRIMITIVES[name], row, dtype, id=f"{name}-{i}-{dtype.name}")
    for name, rows in ROWS.items()
    for i, row in enumerate(rows)
    for dtype in row.dtypes
]


def specs(arrays: list[np.ndarray]) -> list[Spec]:
    return [Spec(array.shape, array.dtype) for array in arrays]


def tensors(row: Row, dtype: np.dtype) -> list[cr.Tensor]:
    return [
        cr.tensor(array, requires_grad=is_floating(array.dtype) and i not in row.constants)
        for i, array in enumerate(row.of(dtype))
    ]


def has_derivative(primitive: Primitive, row: Row) -> bool:
    inputs = specs(row.of(row.dtypes[-1]))
    return any(is_floating(x.dtype) for x in inputs) and is_floating(primitive.infer(*inputs, **row.params).dtype)


DIFFERENTIABLE = [param for param in EVERY if has_derivative(*param.values)]
# A cast is there to change the dtype, and loses digits on the way.
KEEPING_THE_DTYPE = [param for param in DIFFERENTIABLE if param.values[0].name != "cast"]
# Differences say nothing of a result in single precision.
IN_DOUBLE_PRECISION = [param for param in DIFFERENTIABLE if param.values[1].params.get("dtype") != cr.float32]


def test_every_primitive_has_a_row():
    assert sorted(ROWS) == sorted(PRIMITIVES)


@pytest.mark.parametrize(("primitive", "row", "dtype"), EVERY_DTYPE)
def test_infer_says_what_evaluate_gives(primitive, row, dtype):
    arrays = row.of(dtype)
    out = primitive.infer(*specs(arrays), **row.params)
    with np.errstate(all="ignore"):
        value = np.asarray(primitive.evaluate(*arrays, **row.params))
    assert (value.shape, value.dtype) == (out.shape, out.dtype)
    assert all(isinstance(length, int) for length in out.shape)


@pytest.mark.parametrize(("primitive", "row", "dtype"), EVERY_DTYPE)
def test_how_inputs_lie_in_memory_does_not_matter(primitive, row, dtype):
    arrays = row.of(dtype)
    turned = [np.asarray(np.flip(np.flip(array).copy())) for array in arrays]
    apart = [np.asarray(np.repeat(array[..., None], 2, axis=-1)[..., 0]) for array in arrays]
    with np.errstate(all="ignore"):
        expected = primitive.evaluate(*arrays, **row.params)
        for other in (turned, apart):
            got = primitive.evaluate(*other, **row.params)
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("primitive", "row", "dtype"), EVERY_DTYPE)
def test_costs_are_counted(primitive, row, dtype):
    inputs = specs(row.of(dtype))
    assert primitive.flops(primitive.infer(*inputs, **row.params), *inputs, **row.params) >= 0


@pytest.mark.parametrize(("primitive", "row"), IN_DOUBLE_PRECISION)
def test_first_and_second_derivatives_agree_with_differences(primitive, row):
    inputs = tensors(row, cr.float64)
    moving = [x for i, x in enumerate(inputs) if i not in row.constants]

    def apply(*moved):
        given = iter(moved)
        return primitive(*[x if i in row.constants else next(given) for i, x in enumerate(inputs)], **row.params)

    assert cr.gradcheck(apply, moving, order=2)


def derivatives(primitive: Primitive, row: Row, dtype: np.dtype) -> list[cr.Tensor]:
    """The result, its gradients, and theirs."""
    inputs = tensors(row, dtype)
    floating = [x for x in inputs if x.requires_grad]
    y = primitive(*inputs, **row.params)
    y.backward(y.detach().cos(), create_graph=True)
    first = [x.grad for x in floating if x.grad is not None]
    further = [g for g in first if g.requires_grad]
    for x in floating:
        x.grad = None
    for g in further:
        g.backward(g.detach().cos(), retain_graph=True)
    return [y, *first, *[x.grad for x in floating if x.grad is not None]]


@pytest.mark.parametrize(("primitive", "row"), KEEPING_THE_DTYPE)
@pytest.mark.parametrize("default", [cr.float32, cr.float64], ids=lambda dtype: f"default-{dtype.name}")
def test_derivatives_keep_the_dtype(primitive, row, default):
    before = cr.get_default_dtype()
    cr.set_default_dtype(default)
    try:
        for dtype in (cr.float32, cr.float64):
            assert {tensor.dtype for tensor in derivatives(primitive, row, dtype)} == {dtype}
    finally:
        cr.set_default_dtype(before)


@pytest.mark.parametrize(("primitive", "row"), KEEPING_THE_DTYPE)
def test_single_and_double_precision_agree(primitive, row):
    single, double = (derivatives(primitive, row, dtype) for dtype in (cr.float32, cr.float64))
    assert len(single) == len(double)
    for got, expected in zip(single, double, strict=True):
        np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(("primitive", "row"), EVERY)
def test_shapes_are_known_without_values(primitive, row):
    arrays = row.of(row.dtypes[-1])
    with np.errstate(all="ignore"):
        expected = np.asarray(primitive.evaluate(*arrays, **row.params))
    inputs = tensors(row, row.dtypes[-1])
    with shapes_only():
        got = primitive(*inputs, **row.params)
        assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
        assert got.node.value is None


@pytest.mark.parametrize(("primitive", "row"), DIFFERENTIABLE)
def test_derivatives_are_traced_without_values(primitive, row):
    expected = [(tensor.shape, tensor.dtype) for tensor in derivatives(primitive, row, cr.float64)]
    with shapes_only():
        assert [(tensor.shape, tensor.dtype) for tensor in derivatives(primitive, row, cr.float64)] == expected
