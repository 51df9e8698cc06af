"""Packing a panel of `b`: for each k, the panel's columns one after another."""

from __future__ import annotations

from chainrule.native.contraction.plan import Plan
from chainrule.native.emit import Function, V, i64, vector


def pack_panel(f: Function, plan: Plan, start: V, left: V, panel: V) -> None:
    """Copy a panel to scratch memory; columns that do not exist become 0.

    Args:
        f: The function under construction.
        plan: How the contraction is computed.
        start: The address of the panel's first element.
        left: How many columns there are from there on (i64).
        panel: Where it is copied to.
    """
    element, b = plan.product.element, plan.product.b
    type = vector(element, plan.lanes)
    masks = [f.mask(f.sub(left, i64(v * plan.lanes)), plan.lanes) for v in range(plan.tile.vectors)]
    with f.loop(i64(0), i64(plan.product.k), unroll=False) as loop:
        source = f.at(start, element, f.mul(loop.index, i64(b.depth)))
        target = f.at(panel, element, f.mul(loop.index, i64(plan.width)))
        for v, mask in enumerate(masks):
            address = f.at(source, element, i64(0), v * plan.lanes * b.free)
            value = f.masked_load(type, address, mask) if b.free == 1 else _strided(f, type, address, b.free, mask)
            f.store(value, f.at(target, element, i64(0), v * plan.lanes), align=plan.product.itemsize)


def _strided(f: Function, type: str, address: V, stride: int, mask: V) -> V:
    """Lanes that stand `stride` elements apart."""
    lanes = mask.lanes
    offsets = "<" + ", ".join(f"i64 {lane * stride}" for lane in range(lanes)) + ">"
    element = type[type.rindex(" ") + 1 : -1]
    pointers = f.value(f"getelementptr {element}, {address}, <{lanes} x i64> {offsets}", f"<{lanes} x ptr>")
    return f.gather(type, pointers, mask)
