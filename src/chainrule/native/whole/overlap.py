"""The transpose of windows: every window is added back to where it came from."""

from __future__ import annotations

from math import prod

from chainrule.native.emit import V, i64
from chainrule.native.whole.task import Task, Work, nest, offset, strides


def emit_overlap_add(task: Task) -> Work:
    """A unit is a slice of the output along the first spatial dimension; it takes the windows' parts that lie in it.

    Every element sums in the order of the offsets within a window.
    """
    f, params = task.f, task.kernel.params
    shape, row = task.kernel.out.shape, prod(task.kernel.out.shape[2:])
    size, stride, dilation = params["size"][0], params["stride"][0], params["dilation"][0]
    positions = task.kernel.specs[0].shape[1]
    with f.loop(task.frame.begin, task.frame.end) as units:
        picture, y = f.divmod(units.index, shape[1])
        target = f.at(task.output, task.element, offset(f, (units.index, row)))
        f.fill(target, 0, i64(row * task.kernel.out.dtype.itemsize))
        with f.loop(i64(0), i64(size)) as within:
            window, between = f.divmod(f.sub(y, f.mul(within.index, i64(dilation))), stride)
            # Unsigned, what lies before the first window lies behind the last.
            inside = f.compare("ult", window, i64(positions))
            with f.when(f.binary("and", inside, f.compare("eq", between, i64(0)))):
                _add_slice(task, target, picture, window, within.index)
    return Work(shape[0] * shape[1] if prod(shape) else 0)


def _add_slice(task: Task, target: V, picture: V, window: V, within: V) -> None:
    """Add what stands at `within` along the first dimension of the windows at `window` along it."""
    f, params = task.f, task.kernel.params
    g, out = task.kernel.specs[0].shape, task.kernel.out.shape
    rest = len(params["spatial"]) - 1
    apart, between = strides(g), strides(out)[2:-1]

    def add(indices: list[V], _: list[V]) -> None:
        withins, windows = indices[:rest], indices[rest:]
        place = [picture, window, *windows, within, *withins]
        source = f.at(task.inputs[0], task.element, offset(f, *zip(place, apart, strict=False)))
        moves = [
            *((index, s * step) for index, s, step in zip(windows, params["stride"][1:], between, strict=True)),
            *((index, d * step) for index, d, step in zip(withins, params["dilation"][1:], between, strict=True)),
        ]
        task.add_to(f.at(target, task.element, offset(f, *moves)), source, out[-1])

    nest(f, [*params["size"][1:], *g[2 : 2 + rest]], add)
