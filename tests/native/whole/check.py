"""Holds a whole-array primitive's native code against its definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Result
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Convolution, Store, Whole
from chainrule.core.primitive import Primitive, Spec
from chainrule.native.convention import Fault
from chainrule.native.target import Target
from chainrule.native.whole import emit_whole
from chainrule.ops.arithmetic import ADD, NEG
from tests.native.harness import NEON, Compiled, assembly


def whole(
    primitive: Primitive, specs: list[Spec], params: dict[str, Any], numbers: list[int] | None = None
) -> Convolution | Whole:
    """The kernel of a primitive; inputs of one number, if numbers are given, are one array."""
    numbers = numbers or list(range(len(specs)))
    kinds = {
        n: Buffer(f"in{n}", int(np.prod(s.shape)), s.dtype, "input", n) for n, s in zip(numbers, specs, strict=True)
    }
    made = [kinds[n] for n in numbers]
    out = primitive.infer(*specs, **params)
    output = Buffer("out", int(np.prod(out.shape)), out.dtype, "result", 0)
    if primitive.name in ("convolution", "convolution_input"):
        m, n, total = Var("m", int(np.prod(out.shape[:-1]))), Var("n", out.shape[-1]), Result(out.dtype, "total")
        store = Store(output, Index.of(m) * n.extent + Index.of(n), total)
        return Convolution("test", primitive, params, tuple(made), tuple(specs), out, m, n, total, (store,))
    return Whole("test", primitive, params, tuple(made), tuple(specs), output, out)


def computed(
    target: Target, primitive: Primitive, *arrays: np.ndarray, **params: Any
) -> tuple[np.ndarray, tuple[Fault, int] | None]:
    """What the native code makes of the arrays; the same bits unit by unit, from the last to the first."""
    distinct = {id(array): array for array in arrays}
    numbers = [list(distinct).index(id(array)) for array in arrays]
    kernel = whole(primitive, [Spec(array.shape, array.dtype) for array in arrays], params, numbers)
    compiled = Compiled(lambda module: emit_whole(module, kernel, "kernel", target), target)
    guarded, apart = (_Guarded(kernel.out) for _ in range(2))
    fault = compiled(*distinct.values(), guarded.array)
    compiled(*distinct.values(), apart.array, spans=[(unit, unit + 1) for unit in reversed(range(compiled.code.units))])
    assert guarded.array.tobytes() == apart.array.tobytes()
    guarded.check()
    apart.check()
    return guarded.array, fault


def check(target: Target, primitive: Primitive, *arrays: np.ndarray, within: float = 0.0, **params: Any) -> None:
    """The native code is the definition. Floats are to be small whole numbers, whose sums are exact in any order.

    Where they are not, results may differ by so many times their standard deviation.
    """
    arrays = tuple(np.ascontiguousarray(array) for array in arrays)
    found, fault = computed(target, primitive, *arrays, **params)
    assert fault is None
    expected = np.asarray(primitive.evaluate(*arrays, **params))
    np.testing.assert_allclose(found, expected, rtol=0, atol=within and within * expected.std())


def check_epilogue(
    target: Target, primitive: Primitive, *arrays: np.ndarray, terms: int = 1, within: float = 0.0, **params: Any
) -> None:
    """As `check`, where each sum has a bias and so many terms added, and comes out twice: negated as well."""
    kernel = whole(primitive, [Spec(array.shape, array.dtype) for array in arrays], params)
    assert isinstance(kernel, Convolution)
    out, place, spec = kernel.epilogue[0].buffer, kernel.epilogue[0].index, kernel.out
    bias, term = numbers(spec.shape[-1:], spec.dtype, seed=5), numbers(spec.shape, spec.dtype, seed=6)
    more = [Buffer(f"in{i}", each.size, each.dtype, "input", i) for i, each in enumerate((bias, term), start=2)]
    value: Expr = Call(spec.dtype, ADD, (kernel.total, Load(spec.dtype, more[0], Index.of(kernel.n))))
    for _ in range(terms):
        value = Call(spec.dtype, ADD, (value, Load(spec.dtype, more[1], place)))
    negated = Store(Buffer("negated", out.size, out.dtype, "result", 1), place, Call(spec.dtype, NEG, (value,)))
    kernel = replace(kernel, epilogue=(Store(out, place, value), negated))
    compiled = Compiled(lambda module: emit_whole(module, kernel, "kernel", target), target)
    found = [np.full(spec.shape, 7, spec.dtype) for _ in range(2)]
    assert compiled(*arrays, bias, term, *found) is None
    expected = primitive.evaluate(*arrays, **params) + bias + terms * term
    np.testing.assert_allclose(found, [expected, -expected], rtol=0, atol=within and within * expected.std())


def written(target: Target, primitive: Primitive, *specs: Spec, **params: Any) -> str:
    """The assembly of the native code."""
    kernel = whole(primitive, list(specs), params)
    return assembly(lambda module: emit_whole(module, kernel, "kernel", target), target)


def check_elsewhere(primitive: Primitive, *specs: Spec, **params: Any) -> None:
    """There is code for a processor that this machine has not."""
    assert written(NEON, primitive, *specs, **params)


def numbers(shape: tuple[int, ...], dtype: np.dtype, seed: int = 0, most: int = 9) -> np.ndarray:
    """Small whole numbers; both signs, where the dtype has them."""
    low = -most if dtype.kind in "if" else 0
    return np.random.default_rng(seed).integers(low, most + 1, shape).astype(dtype)


class _Guarded:
    """An output array with bytes around it that must not change."""

    _EDGE = 256

    def __init__(self, spec: Spec) -> None:
        size = int(np.prod(spec.shape)) * spec.dtype.itemsize
        self._memory = np.full(size + 2 * self._EDGE, 0x5A, np.uint8)
        self.array = self._memory[self._EDGE : self._EDGE + size].view(spec.dtype).reshape(spec.shape)

    def check(self) -> None:
        """Nothing was written outside."""
        assert (self._memory[: self._EDGE] == 0x5A).all()
        assert (self._memory[self._memory.size - self._EDGE :] == 0x5A).all()
