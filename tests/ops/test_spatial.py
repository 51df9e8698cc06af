"""Convolution, pooling and resizing against PyTorch, and what does not fit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError
from tests import oracle
from tests.oracle.cases_spatial import CALLS


@pytest.mark.parametrize("name", oracle.names("spatial"))
def test_agrees_with_pytorch(name):
    example = oracle.example("spatial", name)
    function, arguments = CALLS[name]
    inputs = {key: cr.tensor(array, requires_grad=True) for key, array in example.inputs.items()}
    out = getattr(cr, function)(
        *[inputs.get(key) for key in ("x", "w", "b") if key == "x" or "w" in inputs], **arguments
    )
    (out * cr.tensor(oracle.cotangent(out.shape))).sum().backward()
    example.check(out=out, **{f"grad_{key}": x.grad for key, x in inputs.items()})


@pytest.mark.parametrize("name", [name for name in oracle.names("spatial") if "conv" in name or "avg" in name])
def test_second_derivatives_agree_with_differences(name):
    function, arguments = CALLS[name]
    rng = np.random.RandomState(0)
    shapes = [array.shape for array in oracle.example("spatial", name).inputs.values()]
    # A smaller batch does: what is checked is how derivatives of both operands meet.
    inputs = [cr.tensor(rng.standard_normal((1, *shape[1:]) if i == 0 else shape)) for i, shape in enumerate(shapes)]
    directions = [cr.tensor(rng.standard_normal(x.shape)) for x in inputs]

    def along(t):
        moved = [x + t * d for x, d in zip(inputs, directions, strict=True)]
        return (getattr(cr, function)(*moved, **arguments) ** 2).sum()

    assert cr.gradcheck(along, cr.tensor(0.1, dtype=cr.float64), order=2, eps=1e-5)


def test_single_precision_stays():
    x, w = cr.ones(1, 4, 4, 2), cr.ones(3, 3, 3, 2)
    for out in (cr.conv2d(x, w), cr.max_pool2d(x, 2), cr.avg_pool2d(x, 2), cr.adaptive_avg_pool2d(x, 3)):
        assert out.dtype == cr.float32
    assert cr.interpolate(x, scale_factor=2, mode="bilinear").dtype == cr.float32


def test_an_empty_batch():
    x = cr.zeros(0, 6, 6, 2, requires_grad=True)
    out = cr.max_pool2d(cr.conv2d(x, cr.ones(3, 3, 3, 2), padding=1), 2)
    assert out.shape == (0, 3, 3, 3)
    out.sum().backward()
    assert x.grad.shape == (0, 6, 6, 2)


def test_no_outputs():
    x, w = cr.ones(2, 4, 4, 3, requires_grad=True), cr.zeros(0, 3, 3, 3, requires_grad=True)
    out = cr.conv2d(x, w, padding=1)
    assert out.shape == cr.jit(lambda x, w: cr.conv2d(x, w, padding=1))(x, w).shape == (2, 4, 4, 0)
    out.sum().backward()
    assert (x.grad.numpy() == np.zeros(x.shape)).all()
    assert w.grad.shape == w.shape
    assert cr.conv_transpose2d(x, cr.zeros(3, 2, 2, 0), stride=2).shape == (2, 8, 8, 0)


X, W = cr.ones(1, 5, 5, 3), cr.ones(4, 3, 3, 3)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: cr.conv2d(cr.ones(1, 3, 5, 5), W), ShapeError, r"expected: +3 channels[\s\S]*permute\(0, 2, 3, 1\)"),
        (lambda: cr.conv2d(cr.ones(5, 5, 3), W), ShapeError, r"expected: +\(batch, height, width, channels\)"),
        (lambda: cr.conv2d(X, cr.ones(4, 3, 3)), ShapeError, "4 dimensions"),
        (lambda: cr.conv2d(X, cr.ones(4, 7, 7, 3)), ShapeError, r"kernel is larger[\s\S]*padding"),
        (lambda: cr.conv2d(X, cr.ones(4, 0, 3, 3)), ShapeError, r"kernel of conv2d has no[\s\S]*\(4, 0, 3, 3\)"),
        (lambda: cr.conv2d(X, W, groups=3), ShapeError, r"divisible by 3\n  got: +4 outputs"),
        (lambda: cr.conv2d(X, W, groups=0), ArgumentError, r"groups does not[\s\S]*at least 1\n  got: +0"),
        (lambda: cr.conv2d(X, W, groups=1.0), ArgumentError, r"groups does not[\s\S]*got: +1\.0"),
        (lambda: cr.conv2d(X, W, cr.ones(3)), ShapeError, r"bias[\s\S]*expected: +\(4,\)\n  got: +\(3,\)"),
        (lambda: cr.conv2d(X, W, cr.ones(1)), ShapeError, "bias"),
        (lambda: cr.conv2d(X, W, cr.ones(5, 1, 1, 1, 4)), ShapeError, "bias"),
        (lambda: cr.conv1d(cr.ones(1, 5, 1), cr.ones(4, 3, 1), cr.ones(3, 4)), ShapeError, "bias"),
        (lambda: cr.conv2d(X, W, stride=0), ArgumentError, "stride"),
        (lambda: cr.conv2d(X, W, stride=(1, 2, 3)), ArgumentError, "stride"),
        (lambda: cr.conv2d(X, W, padding=-1), ArgumentError, "padding"),
        (
            lambda: cr.conv2d(X, W, padding="same", stride=2),
            ArgumentError,
            r"expected: +stride 1\n",
        ),
        (lambda: cr.conv2d(X, W, padding="full"), ArgumentError, "got: +'full'"),
        (lambda: cr.conv2d(X, W, padding="SAME"), ArgumentError, r"got: +'SAME'\n  remedy: +did you mean 'same'\?"),
        (lambda: cr.conv1d(cr.ones(1, 5), cr.ones(4, 3, 1)), ShapeError, r"\(batch, length, channels\)"),
        (lambda: cr.conv_transpose2d(X, cr.ones(4, 2, 2, 3)), ShapeError, r"expected: +4 in the last"),
        (lambda: cr.conv_transpose2d(X, cr.ones(3, 4)), ShapeError, r"expected: +\(in, \*kernel, out / groups\)"),
        (
            lambda: cr.conv_transpose2d(X, cr.ones(3, 2, 2, 3), groups=2),
            ShapeError,
            r"by 2\n  got: +3 channels",
        ),
        (lambda: cr.conv_transpose2d(X, cr.ones(3, 2, 0, 3)), ShapeError, "kernel of conv_transpose2d has no"),
        (lambda: cr.conv_transpose2d(X, cr.ones(3, 2, 2, 1), cr.ones(1), groups=3), ShapeError, r"bias[\s\S]*\(3,\)"),
        (lambda: cr.conv_transpose2d(X, cr.ones(3, 2, 2, 3), groups=None), ArgumentError, "groups"),
        (lambda: cr.conv_transpose2d(X, cr.ones(3, 2, 2, 3), output_padding=1), ArgumentError, "output_padding"),
        (lambda: cr.conv_transpose2d(cr.ones(1, 1, 1, 3), cr.ones(3, 2, 2, 3), padding=2), ShapeError, "less padding"),
        (lambda: cr.max_pool2d(X, 6), ShapeError, "larger than its input"),
        (lambda: cr.max_pool2d(X, 2, padding=2), ArgumentError, "half"),
        (lambda: cr.avg_pool2d(cr.ones(5, 5), 2), ShapeError, "channels last"),
        (lambda: cr.adaptive_avg_pool2d(X, 0), ArgumentError, "output_size"),
        (lambda: cr.adaptive_avg_pool2d(cr.zeros(1, 0, 4, 1), 2), ShapeError, "nothing to pool"),
        (lambda: cr.adaptive_max_pool2d(cr.zeros(1, 0, 4, 1), 2), ShapeError, "nothing to pool"),
        (lambda: cr.interpolate(X), ArgumentError, "size or a scale"),
        (lambda: cr.interpolate(X, 3, 2.0), ArgumentError, "one of the two"),
        (lambda: cr.interpolate(X, 3, mode="cubic"), ArgumentError, "cubic"),
        (lambda: cr.interpolate(X, scale_factor=0.01), ArgumentError, "nothing would be left"),
        (lambda: cr.interpolate(cr.ones(3, 3), 3), ShapeError, "channels last"),
    ],
)
def test_what_does_not_fit(call, error, text):
    with pytest.raises(error, match=text):
        call()
