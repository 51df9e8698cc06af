"""Convolution, pooling and resizing. PyTorch has channels second, we have them last: the cases turn them on the way."""

import warnings
from typing import Any

import numpy as np

from tests.oracle.case import Cases, normal

cases = Cases("torch")
# The function's name and arguments of each case, for our own call.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {}


def add(function, x, w=None, b=None, **arguments):
    """A case of `torch.nn.functional.<function>(x, w, b, **arguments)`."""
    shown = ", ".join([str(x), *([str(w)] if w else []), *(f"{key}={value}" for key, value in arguments.items())])
    name = f"{function}({shown})"

    def ask(torch, x, w=None, b=None):
        operands = [first(x)] if w is None else [first(x), first(w), b]
        with warnings.catch_warnings():
            # PyTorch warns that it copies where "same" meets an even kernel.
            warnings.simplefilter("ignore")
            return last(getattr(torch.nn.functional, function)(*operands, **arguments))

    shapes = {"x": x, "w": w, "b": b}
    cases.add(name, ask, **{key: normal(*shape) for key, shape in shapes.items() if shape})
    CALLS[name] = (function, arguments)


def first(tensor):
    """Channels from last to second."""
    return tensor.movedim(-1, 1)


def last(tensor):
    """Channels from second to last."""
    return tensor.movedim(1, -1)


add("conv2d", (2, 5, 6, 3), (4, 3, 3, 3), (4,))
add("conv2d", (2, 5, 6, 3), (4, 2, 3, 3), stride=2)
add("conv2d", (1, 7, 6, 2), (3, 3, 2, 2), (3,), stride=(2, 3), padding=(1, 0))
add("conv2d", (2, 6, 5, 2), (3, 3, 2, 2), padding="same")
add("conv2d", (2, 6, 5, 2), (3, 2, 3, 2), (3,), padding="same", dilation=2)
add("conv2d", (2, 6, 5, 2), (3, 2, 3, 2), padding="valid", dilation=(2, 1))
add("conv2d", (2, 5, 5, 4), (6, 3, 3, 2), (6,), groups=2, padding=1)
add("conv2d", (2, 5, 5, 3), (3, 3, 3, 1), (3,), groups=3, padding=1)  # depthwise
add("conv2d", (2, 5, 5, 2), (6, 3, 3, 1), groups=2, stride=2, padding=1)  # depthwise, more out than in
add("conv2d", (2, 4, 4, 3), (5, 1, 1, 3), (5,))
add("conv2d", (1, 8, 8, 1), (2, 5, 5, 1), padding=2, stride=3)
add("conv1d", (2, 9, 3), (4, 3, 3), (4,))
add("conv1d", (2, 9, 4), (4, 3, 2), (4,), stride=2, padding=1, dilation=2, groups=2)
add("conv1d", (2, 9, 2), (3, 4, 2), padding="same")

add("conv_transpose2d", (2, 4, 3, 3), (3, 2, 2, 4), (4,))
add("conv_transpose2d", (2, 4, 3, 3), (3, 2, 2, 4), stride=2)
add("conv_transpose2d", (2, 4, 3, 3), (3, 3, 3, 4), (4,), stride=2, padding=1, output_padding=1)
add(
    "conv_transpose2d", (2, 4, 3, 4), (4, 3, 2, 3), (6,), stride=(3, 2), padding=(0, 1), output_padding=(2, 1), groups=2
)
add("conv_transpose2d", (1, 4, 3, 2), (2, 3, 3, 2), padding=1, dilation=2, output_padding=1)
add("conv_transpose1d", (2, 5, 3), (3, 3, 2), (2,), stride=2, padding=1, output_padding=1)
add("conv_transpose1d", (2, 5, 2), (2, 3, 2), stride=1, dilation=3, output_padding=2)

add("max_pool2d", (2, 6, 6, 3), kernel_size=2)
add("max_pool2d", (2, 7, 6, 2), kernel_size=3, stride=2, padding=1)
add("max_pool2d", (2, 7, 6, 2), kernel_size=(2, 3), stride=(3, 2), ceil_mode=True)
add("max_pool2d", (1, 8, 8, 2), kernel_size=2, dilation=2, stride=1)
add("max_pool2d", (1, 5, 5, 1), kernel_size=2, stride=3, padding=1, ceil_mode=True)
add("max_pool1d", (2, 9, 3), kernel_size=3, stride=2, padding=1)
add("max_pool1d", (2, 9, 3), kernel_size=4, ceil_mode=True)
for ceil_mode in (False, True):
    for count_include_pad in (False, True):
        options = {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
        add("avg_pool2d", (2, 6, 7, 2), kernel_size=3, stride=2, padding=1, **options)
        add("avg_pool2d", (1, 5, 6, 2), kernel_size=(2, 4), stride=(3, 3), padding=(1, 2), **options)
        add("avg_pool1d", (2, 9, 3), kernel_size=4, stride=3, padding=2, **options)
add("avg_pool2d", (2, 6, 7, 2), kernel_size=2)
for size in (1, 3, (2, 5), (7, 4), (9, 11)):
    add("adaptive_avg_pool2d", (2, 7, 8, 2), output_size=size)
    add("adaptive_max_pool2d", (2, 7, 8, 2), output_size=size)
for pool in ("adaptive_avg_pool1d", "adaptive_max_pool1d"):
    add(pool, (2, 7, 3), output_size=3)
    add(pool, (2, 3, 3), output_size=7)

for size in ((8, 8), (3, 5), (1, 13), (7, 4)):
    add("interpolate", (2, 5, 4, 2), size=size)
    for align_corners in (False, True):
        add("interpolate", (2, 5, 4, 2), size=size, mode="bilinear", align_corners=align_corners)
for scale in (2, 0.5, 1.7, (2.3, 0.6)):
    add("interpolate", (1, 6, 5, 2), scale_factor=scale)
    add("interpolate", (1, 6, 5, 2), scale_factor=scale, mode="bilinear", align_corners=False)
add("interpolate", (2, 5, 3), size=9)
add("interpolate", (2, 5, 3), scale_factor=1.5, mode="linear", align_corners=True)


def pooled_ties(torch, x):
    """After a ReLU whole windows are 0: the first of each gets the gradient."""
    return last(torch.nn.functional.max_pool2d(first(x), kernel_size=2))


cases.add("max_pool2d-ties", pooled_ties, x=np.maximum(np.random.RandomState(0).randint(-4, 3, (2, 6, 6, 2)), 0.0))
CALLS["max_pool2d-ties"] = ("max_pool2d", {"kernel_size": 2})
