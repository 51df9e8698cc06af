"""Loops that become fewer, and kernels that stay what they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from chainrule.compiler.collapse import collapsed
from chainrule.compiler.expression import Buffer, Call, Expr, Load, Position, Result, Uniform
from chainrule.compiler.index import Index, Var, linear, unravelled
from chainrule.compiler.kernel import Fold, Loops, Pass, Program, Store
from chainrule.core.primitive import PRIMITIVES
from tests.compiler import kernels_in_numpy
from tests.native.loops.random_kernels import kernels

FLOAT, INT64 = np.dtype("float32"), np.dtype("int64")


def loops_of(*extents: int) -> tuple[Var, ...]:
    return tuple(Var(f"i{d}", extent) for d, extent in enumerate(extents))


def at(*loops: Var) -> Index:
    return linear([Index.of(loop) for loop in loops], tuple(loop.extent for loop in loops))


def load(index: Index, size: int = 10_000) -> Load:
    return Load(FLOAT, Buffer("x", size, FLOAT, "input", 0), index)


def map_of(loops: tuple[Var, ...], *values: Expr) -> Loops:
    stores = tuple(Store(Buffer("y", 10_000, value.dtype, "input", 1), at(*loops), value) for value in values)
    return Loops("map", loops, (Pass((), stores),))


def extents(kernel: Loops) -> tuple[int, ...]:
    return tuple(loop.extent for loop in collapsed(kernel).outer)


def test_elementwise_kernels_run_flat() -> None:
    loops = loops_of(4, 5, 6)
    kernel = collapsed(map_of(loops, load(at(*loops)), Position(INT64, at(*loops))))
    (loop,) = kernel.outer
    assert loop.extent == 120
    assert [statement.index for statement in kernel.passes[0].statements] == [Index.of(loop)] * 2
    assert [statement.value.index for statement in kernel.passes[0].statements] == [Index.of(loop)] * 2


def test_what_is_spread_or_turned_keeps_its_loops() -> None:
    rows, columns = loops = loops_of(4, 5)
    assert extents(map_of(loops, load(at(*loops)), load(at(columns)))) == (4, 5)
    assert extents(map_of(loops, load(at(*loops)), load(at(rows)))) == (4, 5)
    assert extents(map_of(loops, load(at(columns, rows)))) == (4, 5)


def test_loops_join_where_all_indices_join_them() -> None:
    batch, rows, columns = loops = loops_of(3, 4, 5)
    assert extents(map_of(loops, load(at(*loops)), load(at(rows, columns)))) == (3, 20)
    assert extents(map_of(loops, load(at(*loops)), load(at(batch)))) == (3, 20)


def test_a_loop_of_one_turn_goes() -> None:
    loops = loops_of(1, 7, 1)
    assert extents(map_of(loops, load(at(*loops)))) == (7,)
    assert extents(map_of(loops_of(1, 1), load(Index(0)))) == ()


def test_indices_within_quotients_count() -> None:
    loops = loops_of(4, 6)
    flat, across = unravelled(at(*loops), (3, 8)), unravelled(Index.of(loops[1]), (2, 3))
    assert extents(map_of(loops, load(flat[0]))) == (24,)
    assert extents(map_of(loops, load(across[0]))) == (4, 6)


def test_inner_loops_join_in_all_passes_alike() -> None:
    row, *inner = loops_of(4, 5, 6)
    total = Result(FLOAT, "total")
    value = load(at(row, *inner))
    shifted = Call(FLOAT, PRIMITIVES["sub"], (value, total))
    store = Store(Buffer("y", 120, FLOAT, "input", 1), at(row, *inner), shifted)
    kernel = Loops("rows", (row,), (Pass(tuple(inner), (Fold("sum", value, total),)), Pass(tuple(inner), (store,))))
    first, second = collapsed(kernel).passes
    assert first.loops == second.loops
    assert [loop.extent for loop in first.loops] == [30]


def test_a_loop_that_is_searched_stays() -> None:
    row, column = loops_of(4, 1)
    found = Result(INT64, "found")
    kernel = Loops("rows", (row,), (Pass((column,), (Fold("argmax", load(at(row, column)), found),)),))
    assert collapsed(kernel).passes[0].loops == (column,)


def test_shared_expressions_stay_shared() -> None:
    loops = loops_of(4, 5)
    value = load(at(*loops))
    first, second = collapsed(map_of(loops, value, value)).passes[0].statements
    assert first.value is second.value


def test_a_draw_is_the_same_draw() -> None:
    loops = loops_of(4, 5)
    state = Buffer("state", 2, INT64, "input", 2)
    kernel = collapsed(map_of(loops, Uniform(FLOAT, state, at(*loops) + 3)))
    assert kernel.passes[0].statements[0].value.index == Index.of(kernel.outer[0]) + 3


@settings(max_examples=60)
@given(made=kernels())
def test_random_kernels_mean_the_same(made: tuple[Loops, dict[Buffer, np.ndarray]]) -> None:
    kernel, arrays = made

    def after(kernel: Loops) -> list[np.ndarray]:
        program = Program((kernel,), (False,), (), 0, (), tuple(arrays))
        return kernels_in_numpy.run(program, list(arrays.values()))[1]

    for before, now in zip(after(kernel), after(collapsed(kernel)), strict=True):
        np.testing.assert_array_equal(before, now)
