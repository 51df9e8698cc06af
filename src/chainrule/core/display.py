"""How a tensor is printed: as PyTorch prints it, so that tutorials look alike."""

from __future__ import annotations

import numpy as np

from chainrule.config import get_default_dtype
from chainrule.core.dtype import bool_, int64
from chainrule.core.node import Node


def text(node: Node) -> str:
    """`tensor([...], dtype=..., requires_grad=...)`; the shape alone while values are not known."""
    if node.value is None:
        body = f"shape={node.shape}, dtype={node.dtype.name}"
    elif node.value.size == 0:
        body = "[]" if node.shape == (0,) else f"[], size={node.shape}"
    else:
        body = _array(node.value)
    if node.value is not None and node.dtype not in (get_default_dtype(), int64, bool_):
        body += f", dtype={node.dtype.name}"
    if node.origin is not None:
        body += f", grad_fn=<{node.origin.primitive.name}>"
    elif node.tracked:
        body += ", requires_grad=True"
    return f"tensor({body})"


def _array(value: np.ndarray) -> str:
    shown = value.dtype.kind == "f"
    formatter = _float_format(value) if shown else None
    return np.array2string(
        value,
        separator=", ",
        prefix="tensor(",
        max_line_width=80,
        threshold=1000,
        formatter={"float_kind": formatter} if formatter else None,
    )


def _float_format(value: np.ndarray):  # type: ignore[no-untyped-def]  # a closure over the width
    """One width for all elements: whole numbers as `1.`, others with four digits, extremes with an exponent."""
    finite = np.abs(value[np.isfinite(value)]).astype(np.float64)
    whole = bool(np.all(finite == np.rint(finite)))
    above_zero = finite[finite > 0]
    large, small = (above_zero.max(), above_zero.min()) if above_zero.size else (0.0, 0.0)
    if large >= 1e8 or (not whole and above_zero.size and (large / small > 1000 or small < 1e-4)):
        spec = ".4e"
    else:
        spec = ".0f" if whole else ".4f"

    def plain(x: float) -> str:
        digits = format(float(x), spec)
        return digits + "." if spec == ".0f" and np.isfinite(x) else digits

    shown = value.ravel() if value.size <= 1000 else np.r_[value.flat[:500], value.flat[-500:]]
    shown = shown[np.isfinite(shown)] if np.isfinite(shown).any() else shown
    width = max(len(plain(x)) for x in shown)
    return lambda x: plain(x).rjust(width)
