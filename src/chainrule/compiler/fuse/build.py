"""From clusters to kernels."""

from __future__ import annotations

import math
from typing import Literal

from chainrule.compiler.expression import Buffer, Expr, Load, Result
from chainrule.compiler.fuse.buffers import Buffers
from chainrule.compiler.fuse.clusters import Cluster, Clustering
from chainrule.compiler.fuse.elements import Elements
from chainrule.compiler.fuse.feeds import array_in_memory, reached, source_in_memory
from chainrule.compiler.fuse.joined import is_joined, parts_of
from chainrule.compiler.fuse.kinds import is_cheap, is_contraction, is_convolution, is_reduction
from chainrule.compiler.fuse.moves import is_move
from chainrule.compiler.fuse.naming import name_of, notes_of
from chainrule.compiler.fuse.order import depths_of
from chainrule.compiler.fuse.place import Place, home, loops_over
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Contraction, Convolution, Fold, Keep, Kernel, Loops, Pass, Statement, Store, Whole
from chainrule.graph import Apply, Value

# Rows of up to so many elements are done a row a lane, where there are enough to fill the lanes: the first where
# several passes go over a row (softmax), the second where one does (docs/performance.md).
_SHORT_ROW, _SHORT_SUM = 24, 10
_MANY_ROWS = 16


class Kernels:
    """Makes the kernel of each cluster."""

    def __init__(self, clustering: Clustering, buffers: Buffers) -> None:
        self._clustering = clustering
        self._buffers = buffers

    def of(self, cluster: Cluster) -> Kernel:
        """The kernel that computes a cluster."""
        make = {"map": self._map, "rows": self._rows, "contraction": self._contraction, "whole": self._whole}
        return make[cluster.kind](cluster)

    def copy(self, value: Apply, target: Buffer) -> Kernel:
        """The kernel that copies a computed value to where it belongs."""
        source = self._buffers.of(value)
        loops = loops_over((source.size,))
        position = home((source.size,), loops).position
        store = Store(target, position, Load(source.dtype, source, position))
        return Loops(f"{target.name}.copy", loops, (Pass((), (store,)),), notes=(value.note,))

    def _elements(self, cluster: Cluster) -> Elements:
        return Elements(cluster.roles.keys() | self._clustering.recomputed, self._buffers.of)

    def _stored(self, cluster: Cluster) -> list[Apply]:
        return [value for value in cluster.roles if self._clustering.needed_outside(value)]

    def _map(self, cluster: Cluster) -> Kernel:
        stored = self._stored(cluster)
        if len(stored) == 1 and is_joined(stored[0]):
            return self._joined(cluster, stored[0])
        loops = loops_over(cluster.shape)
        position = home(cluster.shape, loops).position
        elements = self._elements(cluster)
        stores = tuple(
            Store(self._buffers.of(value), position, elements.at(value, Place(value.shape, position=position)))
            if value.shape != cluster.shape
            else Store(self._buffers.of(value), position, elements.at(value, home(cluster.shape, loops)))
            for value in stored
        )
        return Loops(name_of(cluster), loops, (Pass((), stores),), notes=notes_of(cluster), flops=flops_of(cluster))

    def _joined(self, cluster: Cluster, value: Apply) -> Kernel:
        """Parts that stand side by side, each written by a loop of its own: no element has to ask whose it is."""
        dim, buffer = value.params["dim"], self._buffers.of(value)
        outer = tuple(Var(f"i{d}", length) for d, length in enumerate(value.shape[:dim]))
        around = tuple(Index.of(loop) if loop.extent != 1 else Index(0) for loop in outer)
        elements = self._elements(cluster)
        passes = []
        for part, start in parts_of(value):
            inner = loops_over(part.shape[dim:], "j")
            indices = (*around, *home(part.shape[dim:], inner).indices)
            there = (*indices[:dim], indices[dim] + start, *indices[dim + 1 :])
            store = Store(buffer, Place(value.shape, there).position, elements.at(part, Place(part.shape, indices)))
            passes.append(Pass(inner, (store,)))
        loops = tuple(loop for loop in outer if loop.extent != 1)
        return Loops(name_of(cluster), loops, tuple(passes), "inner", notes_of(cluster), flops_of(cluster))

    def _contraction(self, cluster: Cluster) -> Kernel:
        (product,) = (value for value in cluster.roles if is_contraction(value))
        if is_convolution(product):
            return self._convolution(cluster, product)
        *batch_lengths, rows, columns = product.shape
        batch = tuple(Var(f"b{d}", length) for d, length in enumerate(batch_lengths))
        m, n, k = Var("m", rows), Var("n", columns), Var("k", product.inputs[0].shape[-1])
        total, epilogue = self._epilogue(cluster, product, _place((*batch, m, n)))
        return Contraction(
            name_of(cluster),
            batch,
            m,
            n,
            k,
            self._operand(product.inputs[0], _place((*batch, m, k))),
            self._operand(product.inputs[1], _place((*batch, k, n))),
            total,
            epilogue,
            notes=notes_of(cluster),
            flops=flops_of(cluster),
        )

    def _convolution(self, cluster: Cluster, product: Apply) -> Kernel:
        *pixels, channels = product.shape
        m, n = Var("m", math.prod(pixels)), Var("n", channels)
        total, epilogue = self._epilogue(cluster, product, _place((m, n)))
        name, inputs, specs = name_of(cluster), self._arrays(product), tuple(each.spec for each in product.inputs)
        what = (name, product.primitive, product.params, inputs, specs, product.spec)
        return Convolution(*what, m, n, total, epilogue, notes_of(cluster), flops_of(cluster))

    def _epilogue(self, cluster: Cluster, product: Apply, place: Place) -> tuple[Result, tuple[Store, ...]]:
        """What stands for a sum, and what is done with it at its place."""
        elements, total = self._elements(cluster), Result(product.dtype, "total")
        elements.bound[product] = total
        stores = []
        for value in self._stored(cluster):
            store = Store(self._buffers.of(value), place.position, elements.at(value, place.reshaped(value.shape)))
            stores.append(store)
        return total, tuple(stores)

    def _arrays(self, value: Apply) -> tuple[Buffer, ...]:
        """The whole arrays that a value is computed from."""
        return tuple(self._buffers.of(array_in_memory(operand)) for operand in value.inputs)

    def _operand(self, operand: Value, place: Place) -> Load:
        source = source_in_memory(operand)
        if source is not operand:
            found = reached(operand, place)
            assert found is not None
            place = found[1]
        return Load(operand.dtype, self._buffers.of(source), place.position)

    def _whole(self, cluster: Cluster) -> Kernel:
        (value,) = cluster.roles
        inputs, specs = self._arrays(value), tuple(operand.spec for operand in value.inputs)
        output = self._buffers.of(value)
        name, notes, flops = name_of(cluster), notes_of(cluster), flops_of(cluster)
        return Whole(name, value.primitive, value.params, inputs, specs, output, value.spec, notes, flops)

    def _rows(self, cluster: Cluster) -> Kernel:
        return _RowProgram(cluster, self._clustering, self._elements(cluster), self._buffers).kernel()


class _RowProgram:
    """The kernel of a cluster with reductions: a pass over the rows for each reduction that waits for another."""

    def __init__(self, cluster: Cluster, clustering: Clustering, elements: Elements, buffers: Buffers) -> None:
        self._cluster = cluster
        self._clustering = clustering
        self._elements = elements
        self._buffers = buffers
        self._depths = depths_of(clustering, cluster)
        loops = tuple(Var(f"i{d}", length) for d, length in enumerate(cluster.shape))
        self._outer = tuple(loop for d, loop in enumerate(loops) if d not in cluster.reduced)
        self._inner = tuple(loop for d, loop in enumerate(loops) if d in cluster.reduced)
        self._full_place = _place(loops)
        self._outer_place = _place(self._outer)

    def kernel(self) -> Loops:
        passes: list[Pass] = []
        for depth in range(max(self._depths.values()) + 1):
            passes.extend((Pass((), self._between(depth)), Pass(self._inner, self._along(depth))))
        return Loops(
            name_of(self._cluster),
            self._outer,
            tuple(each for each in passes if each.statements),
            self._lanes(),
            notes_of(self._cluster),
            flops_of(self._cluster),
        )

    def _lanes(self) -> Literal["outer", "inner"]:
        """Rows that are short, and many, are better done a row a lane."""
        last = len(self._cluster.shape) - 1
        if not self._outer or not self._inner:
            return "inner" if self._inner else "outer"
        if last not in self._cluster.reduced:
            return "outer"
        short = self._inner[-1].extent <= (_SHORT_ROW if max(self._depths.values()) > 1 else _SHORT_SUM)
        return "outer" if short and self._cluster.kept >= _MANY_ROWS else "inner"

    def _members(self, role: str, depth: int) -> list[Apply]:
        return [value for value, own in self._cluster.roles.items() if own == role and self._depths[value] == depth]

    def _expr_at(self, value: Value, whole: Place) -> Expr:
        place = whole if value.shape == whole.shape else whole.reshaped(value.shape)
        return self._elements.at(value, place)

    def _between(self, depth: int) -> tuple[Statement, ...]:
        """What is done once a row, before the pass over it."""
        self._elements.forget()
        statements: list[Statement] = []
        keeps: list[tuple[Apply, Result]] = []
        for value in self._members("outer", depth):
            expr = self._expr_at(value, self._outer_place)
            if self._clustering.needed_outside(value):
                statements.append(Store(self._buffers.of(value), self._outer_place.position, expr))
            if not is_reduction(value) and self._used_later(value, depth, "outer"):
                result = Result(value.dtype, f"row{len(self._elements.bound) + len(keeps)}")
                statements.append(Keep(expr, result))
                keeps.append((value, result))
        for value, result in keeps:
            self._elements.bound[value] = result
        return tuple(statements)

    def _along(self, depth: int) -> tuple[Statement, ...]:
        """What is done along a row."""
        self._elements.forget()
        statements: list[Statement] = []
        bound: list[tuple[Apply, Result]] = []
        for value in self._members("full", depth):
            kept = self._used_later(value, depth, "full") and self._is_dear(value)
            if not (kept or self._clustering.needed_outside(value)):
                continue
            expr = self._expr_at(value, self._full_place)
            if self._clustering.needed_outside(value):
                statements.append(Store(self._buffers.of(value), self._full_place.position, expr))
            if kept:
                result = Result(value.dtype, f"kept{len(self._elements.bound) + len(bound)}")
                statements.append(Keep(expr, result))
                bound.append((value, result))
        for value in self._members("outer", depth + 1):
            if is_reduction(value):
                operand = self._expr_at(value.inputs[0], self._full_place)
                result = Result(value.dtype, f"{value.primitive.name}{len(self._elements.bound) + len(bound)}")
                statements.append(Fold(value.primitive.name, operand, result))  # type: ignore[arg-type]
                bound.append((value, result))
        for value, result in bound:
            self._elements.bound[value] = result
        return tuple(statements)

    def _used_later(self, value: Apply, depth: int, role: str) -> bool:
        """Whether later passes read the value."""
        for reader, _ in self._clustering.readers[value]:
            if self._clustering.of[reader] is self._cluster:
                along = self._cluster.roles[reader] != "outer" or is_reduction(reader)
                pass_of_reader = self._depths[reader] - (1 if is_reduction(reader) else 0)
                if pass_of_reader > depth or (role == "outer" and along):
                    return True
        return False

    def _is_dear(self, value: Apply) -> bool:
        """Whether computing a full value again would cost more than keeping it."""
        count, stack = 0, [value]
        while stack:
            each = stack.pop()
            if each in self._elements.bound:
                continue
            count += 1
            if count > 4 or not (is_cheap(each) or is_move(each)):
                return True
            stack.extend(
                link.source for link in self._clustering.work.links[each] if link.source in self._cluster.roles
            )
        return False


def _place(loops: tuple[Var, ...]) -> Place:
    shape = tuple(loop.extent for loop in loops)
    return Place(shape, tuple(Index.of(loop) if loop.extent != 1 else Index(0) for loop in loops))


def flops_of(cluster: Cluster) -> int:
    """The floating-point operations of a cluster."""
    return sum(
        value.primitive.flops(value.spec, *[source.spec for source in value.inputs], **value.params)
        for value in cluster.roles
    )
