"""Convolutions of single pixels are matrix products, and take what follows them as their epilogue."""

from __future__ import annotations

from chainrule.compiler.simplify.rules import Rules, instead, reshaped
from chainrule.core import shape as shapes
from chainrule.core.shape import Shape
from chainrule.graph import Apply, Value
from chainrule.ops.contraction import MATMUL
from chainrule.ops.convolution import CONVOLUTION, CONVOLUTION_INPUT, CONVOLUTION_WEIGHT, Frame
from chainrule.ops.movement import PERMUTE


def of_single_pixels(value: Apply) -> Value | None:
    """Pixels times the weight; the same up to rounding."""
    if not _is_of_single_pixels(value):
        return None
    x, w = value.inputs
    weight = instead(value, PERMUTE, reshaped(value, w, (w.shape[0], w.shape[-1])), dims=(1, 0))
    return reshaped(value, instead(value, MATMUL, _pixels(value, x), weight), value.shape)


def to_single_pixels(value: Apply) -> Value | None:
    """The gradient to the pixels; the same up to rounding."""
    if not _is_of_single_pixels(value):
        return None
    g, w = value.inputs
    weight = reshaped(value, w, (w.shape[0], w.shape[-1]))
    return reshaped(value, instead(value, MATMUL, _pixels(value, g), weight), value.shape)


def of_weight_of_single_pixels(value: Apply) -> Value | None:
    """The gradient to the weight: outputs times pixels; the same up to rounding."""
    x, g = value.inputs
    if not _single(value.params["kernel"], value.params["frame"]):
        return None
    outputs = instead(value, PERMUTE, _pixels(value, g), dims=(1, 0))
    return reshaped(value, instead(value, MATMUL, outputs, _pixels(value, x)), value.shape)


def _is_of_single_pixels(value: Apply) -> bool:
    return _single(value.inputs[1].shape[1:-1], value.params["frame"])


def _single(kernel: Shape, frame: Frame) -> bool:
    """Whether every window is one pixel, and every pixel a window."""
    return shapes.size(kernel) == 1 == shapes.size(frame.stride) == frame.groups and not any(map(any, frame.padding))


def _pixels(value: Apply, x: Value) -> Value:
    """The pixels as rows."""
    return reshaped(value, x, (shapes.size(x.shape[:-1]), x.shape[-1]))


RULES: Rules = {
    CONVOLUTION: (of_single_pixels,),
    CONVOLUTION_INPUT: (to_single_pixels,),
    CONVOLUTION_WEIGHT: (of_weight_of_single_pixels,),
}
