"""`Loops` kernels as machine code against what they mean."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler.expression import Buffer, Expr, Load, Number, Position, Result, Uniform, Within
from chainrule.compiler.index import Index, Lookup, Var, linear
from chainrule.compiler.kernel import Fold, Keep, Loops, Pass, Program, Store, buffers
from chainrule.native.convention import Fault
from chainrule.native.loops import emit_loops
from chainrule.native.target import Target
from chainrule.ops import philox
from tests.compiler import kernels_in_numpy
from tests.native.harness import EVERY, RUNNABLE, Compiled, assembly
from tests.native.loops.guard import guarded
from tests.native.loops.random_kernels import BOOL, INT64, call, kernels

FLOAT, DOUBLE = np.dtype("float32"), np.dtype("float64")
HOST = RUNNABLE[0]

Arrays = dict[Buffer, np.ndarray]
every_target = pytest.mark.parametrize("target", RUNNABLE, ids=lambda target: target.name)


def expected(kernel: Loops, arrays: Arrays) -> Arrays:
    """The contents of the buffers afterwards, by definition."""
    program = Program((kernel,), (False,), (), 0, (), tuple(arrays))
    _, after = kernels_in_numpy.run(program, list(arrays.values()))
    return dict(zip(arrays, after, strict=True))


def compiled(kernel: Loops, target: Target = HOST) -> Compiled:
    """The machine code of a kernel."""
    return Compiled(lambda module: emit_loops(module, kernel, "kernel", target), target)


def computed(kernel: Loops, arrays: Arrays, target: Target = HOST) -> Arrays:
    """The contents of the buffers afterwards, by machine code."""
    after = {buffer: array.copy() for buffer, array in arrays.items()}
    assert compiled(kernel, target)(*[after[buffer] for buffer in buffers(kernel)]) is None
    return after


class Arrangement:
    """Buffers and what is in them."""

    def __init__(self) -> None:
        self.arrays: Arrays = {}

    def buffer(self, array: np.ndarray) -> Buffer:
        made = Buffer(f"b{len(self.arrays)}", array.size, array.dtype, "input", len(self.arrays))
        self.arrays[made] = array.reshape(-1).copy()
        return made

    def load(self, array: np.ndarray, index: Index, valid: Expr | None = None) -> Load:
        return Load(array.dtype, self.buffer(array), index, valid)

    def store(self, index: Index, value: Expr, size: int | None = None) -> Store:
        return Store(self.buffer(np.zeros(size or index.bounds()[1] + 1, value.dtype)), index, value)

    def last(self, after: Arrays) -> np.ndarray:
        """The contents of the buffer that was made last."""
        return after[list(self.arrays)[-1]]


def mapped(length: int, value: Expr, along: Var, arrangement: Arrangement) -> Loops:
    return Loops("map", (along,), (Pass((), (arrangement.store(Index.of(along), value, length),)),))


@settings(max_examples=40)
@given(made=kernels(), target=st.sampled_from(RUNNABLE))
def test_random_kernels(made: tuple[Loops, Arrays], target: Target) -> None:
    kernel, arrays = made
    after, right = computed(kernel, arrays, target), expected(kernel, arrays)
    for buffer in arrays:
        np.testing.assert_array_equal(after[buffer], right[buffer], err_msg=buffer.name)


@every_target
@pytest.mark.parametrize("shape", [(64, 16), (100, 48), (8, 128), (7, 16), (64, 20), (33, 80), (3000, 32)], ids=str)
@pytest.mark.parametrize("shared", [1, 3, 5, 20])
def test_rows_share_numbers_of_columns(shape: tuple[int, int], shared: int, target: Target) -> None:
    """What is the same for all rows stays in registers, as far as there are enough; so for any number of columns."""
    random, made = np.random.default_rng(0), Arrangement()
    row, column = Var("row", shape[0]), Var("column", shape[1])
    here = linear([Index.of(row), Index.of(column)], shape)
    value: Expr = made.load(random.integers(-9, 9, shape).astype(np.float32), here)
    for _ in range(shared):
        numbers = made.load(random.integers(-2, 3, shape[1]).astype(np.float32), Index.of(column))
        value = call("add", FLOAT, value, numbers)
    kernel = Loops("map", (row, column), (Pass((), (made.store(here, value),)),))
    np.testing.assert_array_equal(
        made.last(computed(kernel, made.arrays, target)), made.last(expected(kernel, made.arrays))
    )


def test_expressions_may_be_deep() -> None:
    made, along = Arrangement(), Var("i", 3)
    load = made.load(np.arange(3.0), Index.of(along))
    value: Expr = load
    for _ in range(1500):
        value = call("add", DOUBLE, value, load)
    after = computed(mapped(3, value, along, made), made.arrays)
    np.testing.assert_array_equal(made.last(after), [0, 1501, 3002])


def reduction(how: str, values: np.ndarray, lanes: str) -> tuple[Loops, Arrangement]:
    """Of each row of a matrix; the matrix lies in memory so that vectors run along it."""
    rows, columns = values.shape
    row, column = Var("row", rows), Var("column", columns)
    made = Arrangement()
    index = linear([Index.of(row), Index.of(column)], values.shape)
    if lanes == "outer":
        index = linear([Index.of(column), Index.of(row)], (columns, rows))
        values = values.T
    result = Result(INT64 if how.startswith("arg") else values.dtype, "total")
    fold = Fold(how, made.load(np.ascontiguousarray(values), index), result)
    passes = (Pass((column,), (fold,)), Pass((), (made.store(Index.of(row), result, rows),)))
    return Loops(how, (row,), passes, lanes), made


class TestReductions:
    @every_target
    @pytest.mark.parametrize("lanes", ["outer", "inner"])
    @pytest.mark.parametrize("how", ["argmax", "argmin", "amax", "amin"])
    def test_ties_nan_and_infinity(self, how: str, lanes: str, target: Target) -> None:
        values = np.random.default_rng(0).integers(-2, 3, (12, 150)).astype(np.float32)
        values[0] = -np.inf
        values[1] = np.inf
        values[2, 70:] = np.nan
        values[3, [149, 17]] = np.nan
        values[4] = np.nan
        values[5, :149] = -np.inf
        values[6, 1:] = np.inf
        kernel, made = reduction(how, values, lanes)
        with np.errstate(invalid="ignore"):
            right = getattr(np, how)(values, axis=1)
        np.testing.assert_array_equal(made.last(computed(kernel, made.arrays, target)), right)

    @pytest.mark.parametrize("lanes", ["outer", "inner"])
    def test_long_sums_of_floats_keep_their_digits(self, lanes: str) -> None:
        values = np.random.default_rng(0).random((3, 300_000), np.float32)
        kernel, made = reduction("sum", values, lanes)
        right = values.sum(axis=1, dtype=np.float64)
        np.testing.assert_allclose(made.last(computed(kernel, made.arrays)), right, rtol=5e-7)

    @pytest.mark.parametrize("lanes", ["outer", "inner"])
    def test_of_nothing(self, lanes: str) -> None:
        kernel, made = reduction("sum", np.zeros((3, 0), np.float32), lanes)
        made.arrays[list(made.arrays)[-1]][:] = 7
        np.testing.assert_array_equal(made.last(computed(kernel, made.arrays)), [0, 0, 0])
        kernel, made = reduction("sum", np.zeros((0, 3), np.float32), lanes)
        assert compiled(kernel).code.units == 0


class TestMemory:
    @every_target
    @pytest.mark.parametrize("length", [3, 21, 77])
    @pytest.mark.parametrize("factor", [1, -1, 3])
    def test_nothing_beyond_the_ends_is_touched(self, length: int, factor: int, target: Target) -> None:
        made, along = Arrangement(), Var("i", length)
        index = Index(max(0, -factor) * (length - 1), {along: factor})
        outside = Within(BOOL, Index(-5, {along: 1}), 0, length - 5)
        value = call(
            "add",
            FLOAT,
            made.load(np.arange(index.bounds()[1] + 1, dtype=np.float32), index),
            made.load(np.arange(length - 5 if length > 5 else 1, dtype=np.float32), Index(-5, {along: 1}), outside),
        )
        kernel = mapped(length, value, along, made)
        code = compiled(kernel, target)
        for at_end in (True, False):
            after = {buffer: guarded(array, at_end=at_end) for buffer, array in made.arrays.items()}
            code(*[after[buffer] for buffer in buffers(kernel)])
            np.testing.assert_array_equal(made.last(after), made.last(expected(kernel, made.arrays)))

    @pytest.mark.parametrize(("length", "far"), [(1_000, False), (300_001, True)])
    def test_long_maps_ask_for_memory_ahead(self, length: int, far: bool) -> None:
        """Even for what lies beyond the end: nothing there is touched."""
        made, along = Arrangement(), Var("i", length)
        load = made.load(np.arange(length, dtype=np.float32), Index.of(along))
        kernel = mapped(length, call("add", FLOAT, load, load), along, made)
        after = {buffer: guarded(array, at_end=True) for buffer, array in made.arrays.items()}
        compiled(kernel)(*[after[buffer] for buffer in buffers(kernel)])
        np.testing.assert_array_equal(made.last(after), 2 * after[load.buffer])
        text = assembly(lambda module: emit_loops(module, kernel, "kernel", HOST), HOST)
        assert bool(re.search("prefetch|prfm", text)) == far

    @every_target
    def test_values_are_computed_before_they_are_stored(self, target: Target) -> None:
        made, along = Arrangement(), Var("i", 37)
        a, b = made.load(np.arange(37.0), Index.of(along)), made.load(np.arange(37.0) + 100, Index.of(along))
        stores = (Store(a.buffer, a.index, b), Store(b.buffer, b.index, a))
        after = computed(Loops("swap", (along,), (Pass((), stores),)), made.arrays, target)
        np.testing.assert_array_equal(after[a.buffer], made.arrays[b.buffer])
        np.testing.assert_array_equal(after[b.buffer], made.arrays[a.buffer])


class TestLookups:
    def rows(self, indices: np.ndarray, valid: bool) -> tuple[Loops, Arrangement]:
        made = Arrangement()
        row, column = Var("row", len(indices)), Var("column", 5)
        found = made.load(indices, Index.of(row))
        where = call("le", BOOL, Number(found.dtype, 0), found) if valid else None
        at = Index.of(Lookup(found, 4)) * 5 + Index.of(column)
        value = made.load(np.arange(20, dtype=np.float32), at, where)
        store = made.store(linear([Index.of(row), Index.of(column)], (len(indices), 5)), value)
        return Loops("embedding", (row, column), (Pass((), (store,)),)), made

    @every_target
    @pytest.mark.parametrize("wrong", [4, -1, 2**31 - 1])
    def test_an_index_out_of_range_is_a_fault(self, wrong: int, target: Target) -> None:
        kernel, made = self.rows(np.array([1, 3, wrong, 0], np.int32), valid=False)
        fault = compiled(kernel, target)(*[made.arrays[buffer] for buffer in buffers(kernel)])
        assert fault == (Fault.INDEX_OUT_OF_RANGE, wrong)
        np.testing.assert_array_equal(made.last(made.arrays).reshape(4, 5)[2], np.arange(5))

    @every_target
    def test_along_the_lanes_too(self, target: Target) -> None:
        indices = np.arange(45, dtype=np.int64) % 4
        indices[[33, 40]] = 9, 8
        made, along = Arrangement(), Var("i", 45)
        value = made.load(np.arange(4.0), Index.of(Lookup(made.load(indices, Index.of(along)), 4)))
        kernel = mapped(45, value, along, made)
        fault = compiled(kernel, target)(*[made.arrays[buffer] for buffer in buffers(kernel)])
        assert fault == (Fault.INDEX_OUT_OF_RANGE, 9)
        np.testing.assert_array_equal(made.last(made.arrays), np.where(indices < 4, indices, 0))

    @every_target
    def test_none_where_it_is_not_valid(self, target: Target) -> None:
        kernel, made = self.rows(np.array([1, -3, 2, -1], np.int64), valid=True)
        after = computed(kernel, made.arrays, target)
        np.testing.assert_array_equal(made.last(after).reshape(4, 5)[:, 0], [5, 0, 10, 0])


@every_target
@pytest.mark.parametrize("dtype", [FLOAT, DOUBLE], ids=str)
@pytest.mark.parametrize(
    ("rows", "columns", "factor", "start"), [(1, 203, 1, 0), (9, 21, 1, 2), (1, 45, 3, 0), (3, 1, 1, 1)]
)
def test_random_numbers_are_those_of_numpy(
    rows: int, columns: int, factor: int, start: int, dtype: np.dtype, target: Target
) -> None:
    made, loops = Arrangement(), (Var("row", rows), Var("column", columns))
    key, counter = 0x1234_5678_9ABC_DEF0, 2**32 - 3
    state = made.buffer(np.array([key, counter]))
    position = linear([Index.of(loop) for loop in loops], (rows, columns))
    drawn = Uniform(dtype, state, position * factor + start)
    kernel = Loops("draw", loops, (Pass((), (made.store(position, drawn),)),))
    right = philox.uniform(key, counter, start + rows * columns * factor, dtype)[start::factor]
    np.testing.assert_array_equal(made.last(computed(kernel, made.arrays, target)), right[: rows * columns])


def softmax(rows: int, columns: int, lanes: str) -> tuple[Loops, Arrangement]:
    made, row, column = Arrangement(), Var("row", rows), Var("column", columns)
    at = linear([Index.of(row), Index.of(column)], (rows, columns))
    x = made.load(np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32), at)
    largest, power, total = (Result(FLOAT, name) for name in ("largest", "power", "total"))
    passes = (
        Pass((column,), (Fold("amax", x, largest),)),
        Pass((column,), (Keep(call("exp", FLOAT, call("sub", FLOAT, x, largest)), power), Fold("sum", power, total))),
        Pass((column,), (made.store(at, call("div", FLOAT, power, total)),)),
    )
    return Loops("softmax", (row,), passes, lanes), made


@every_target
@pytest.mark.parametrize("lanes", ["outer", "inner"])
@pytest.mark.parametrize("columns", [10, 16, 150])
def test_softmax(columns: int, lanes: str, target: Target) -> None:
    kernel, made = softmax(7, columns, lanes)
    found, right = made.last(computed(kernel, made.arrays, target)), made.last(expected(kernel, made.arrays))
    np.testing.assert_allclose(found, right, rtol=1e-6)


def test_short_rows_stay_in_registers() -> None:
    assert compiled(softmax(7, 10, "inner")[0]).code.scratch == 0
    assert compiled(softmax(7, 150, "inner")[0]).code.scratch >= 600


class TestUnits:
    @pytest.mark.parametrize(("rows", "columns", "lanes"), [(300, 900, "inner"), (3, 50_000, "outer")])
    def test_the_same_bits_however_units_are_shared_out(self, rows: int, columns: int, lanes: str) -> None:
        if lanes == "inner":
            kernel, made = softmax(rows, columns, lanes)
        else:
            made, loops = Arrangement(), (Var("row", rows), Var("column", columns))
            at = linear([Index.of(loop) for loop in loops], (rows, columns))
            spread = made.load(np.arange(columns, dtype=np.float32), Index.of(loops[1]))
            value = call("mul", FLOAT, spread, call("cast", FLOAT, Position(INT64, at)))
            kernel = Loops("map", loops, (Pass((), (made.store(at, value),)),), lanes)
        code, results = compiled(kernel), []
        units = code.code.units
        assert units > 3
        for spans in ([(0, units)], [(2, units), (1, 2), (0, 1)], [(unit, unit + 1) for unit in range(units)]):
            after = {buffer: array.copy() for buffer, array in made.arrays.items()}
            code(*[after[buffer] for buffer in buffers(kernel)], spans=spans)
            results.append(made.last(after))
        np.testing.assert_array_equal(results[1], results[0])
        np.testing.assert_array_equal(results[2], results[0])

    def test_small_kernels_are_one_unit(self) -> None:
        kernel, _ = reduction("sum", np.zeros((10, 64), np.float32), "outer")
        assert compiled(kernel).code.units == 1


@pytest.mark.parametrize("target", EVERY, ids=lambda target: target.name)
def test_every_target_has_its_code(target: Target) -> None:
    kernel, _ = softmax(7, 150, "inner")
    text = assembly(lambda module: emit_loops(module, kernel, "kernel", target), target)
    register = {"avx512": "zmm", "avx2": "ymm", "plain": "xmm", "neon": r"v\d+\.4s"}[target.name]
    assert re.search(register, text)
