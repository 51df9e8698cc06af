"""A program as a reader sees it: each kernel with its loops, and what it computes in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from chainrule.compiler.expression import Buffer, Call, Expr, Load, Number, Position, Result, Uniform, Within, parts
from chainrule.compiler.index import Index, Var
from chainrule.compiler.kernel import Contraction, Convolution, Fold, Keep, Kernel, Loops, Program, Store, Whole

_INDENT = "    "


def text(program: Program, numbers: Collection[int] | None = None) -> str:
    """The kernels of a program in order; a line between two says that all threads wait for one another.

    Where kernels go through a batch together, nobody waits in between, and the line says so.

    Args:
        program: The program.
        numbers: Which of its kernels; None for all.
    """
    together = {number: chain for chain in program.chains for number in range(chain.first + 1, chain.stop)}
    blocks = []
    for number, (kernel, wait) in enumerate(zip(program.kernels, program.waits, strict=True)):
        if numbers is None or number in numbers:
            if number in together and numbers is None:
                blocks.append(f"--- together, in {together[number].stretches} stretches ---")
            elif wait and number and numbers is None:
                blocks.append("--- wait ---")
            blocks.append(f"kernel {number}: {kernel_text(kernel)}")
    return "\n\n".join(blocks)


def kernel_text(kernel: Kernel) -> str:
    """A kernel: its name, where it comes from, and its loops."""
    lines = [kernel.name, *(f"{_INDENT}# {line}" for line in dict.fromkeys(map(str, kernel.notes)))]
    match kernel:
        case Loops():
            body = _loops(kernel)
        case Contraction():
            body = _contraction(kernel)
        case Convolution():
            body = _convolution(kernel)
        case Whole():
            body = _whole(kernel)
    return "\n".join([*lines, *(_INDENT + line for line in body)])


def _loops(kernel: Loops) -> Iterator[str]:
    depth = 0
    for loop in kernel.outer:
        in_lanes = kernel.lanes == "outer" and loop is kernel.outer[-1]
        yield _INDENT * depth + _loop(loop, "in vectors" if in_lanes else "any order")
        depth += 1
    for each in kernel.passes:
        within = depth
        for loop in each.loops:
            in_lanes = kernel.lanes == "inner" and loop is each.loops[-1]
            yield _INDENT * within + _loop(loop, "in vectors" if in_lanes else "")
            within += 1
        for line in _Body().lines(each.statements):
            yield _INDENT * within + line


def _contraction(kernel: Contraction) -> Iterator[str]:
    for depth, loop in enumerate((*kernel.batch, kernel.m, kernel.n)):
        yield _INDENT * depth + _loop(loop, "any order")
    inside = _INDENT * (len(kernel.batch) + 2)
    yield f"{inside}{_loop(kernel.k, '')}"
    body = _Body()
    yield f"{inside}{_INDENT}total += {body.operand(kernel.a)} * {body.operand(kernel.b)}"
    for line in body.lines(kernel.epilogue):
        yield inside + line


def _convolution(kernel: Convolution) -> Iterator[str]:
    for depth, loop in enumerate((kernel.m, kernel.n)):
        yield _INDENT * depth + _loop(loop, "any order")
    yield f"{2 * _INDENT}total = {_applied(kernel)}[{kernel.m.name}, {kernel.n.name}]"
    for line in _Body().lines(kernel.epilogue):
        yield 2 * _INDENT + line


def _whole(kernel: Whole) -> Iterator[str]:
    yield f"{_target(kernel.output)} {kernel.out.shape} = {_applied(kernel)}"


def _applied(kernel: Convolution | Whole) -> str:
    params = "".join(f", {name}={value}" for name, value in kernel.params.items())
    sources = ", ".join(f"{buffer.name} {spec.shape}" for buffer, spec in zip(kernel.inputs, kernel.specs, strict=True))
    return f"{kernel.primitive.name}({sources}{params})"


def _loop(loop: Var, how: str) -> str:
    return f"for {loop.name} < {loop.extent}:" + (f"  # {how}" if how else "")


def _target(buffer: Buffer) -> str:
    return f"{buffer.name}:{buffer.dtype.name}"


class _Body:
    """Statements, with a name for each number that they compute."""

    def __init__(self) -> None:
        self._names: dict[Expr, str] = {}

    def lines(self, statements: Iterable[Store | Fold | Keep]) -> Iterator[str]:
        for statement in statements:
            for expr in _calls(statement.value, self._names):
                name = f"t{len(self._names)}"
                yield f"{name} = {self._operation(expr)}"
                self._names[expr] = name
            value = self.operand(statement.value)
            if isinstance(statement, Store):
                yield f"{_target(statement.buffer)}[{self._index(statement.index)}] = {value}"
            elif isinstance(statement, Keep):
                yield f"{statement.result.name} = {value}"
            else:
                yield f"{statement.result.name} = {statement.how} of {value}"

    def _operation(self, call: Call) -> str:
        params = "".join(f", {value}" for value in call.params.values())
        return f"{call.primitive.name}({', '.join(map(self.operand, call.args))}{params})"

    def _index(self, index: Index) -> str:
        return index.text(self.operand)

    def operand(self, expr: Expr) -> str:
        """What an expression is called where it is used."""
        if isinstance(expr, Load):
            guard = f" where {self.operand(expr.valid)}" if expr.valid is not None else ""
            return f"{expr.buffer.name}[{self._index(expr.index)}]{guard}"
        if isinstance(expr, Number):
            return repr(expr.value)
        if isinstance(expr, Result):
            return expr.name
        if isinstance(expr, Position):
            return f"({self._index(expr.index)})"
        if isinstance(expr, Within):
            step = f" step {expr.step}" if expr.step != 1 else ""
            return f"({expr.low} <= {self._index(expr.index)} < {expr.high}{step})"
        if isinstance(expr, Uniform):
            return f"uniform({expr.state.name}, {self._index(expr.index)})"
        return self._names[expr]


def _calls(root: Expr, named: dict[Expr, str]) -> Iterator[Call]:
    """The operations that `root` is made of and that have no name yet, each after its operands."""
    seen: set[Expr] = set(named)
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        expr, expanded = stack.pop()
        if expanded:
            if isinstance(expr, Call):
                yield expr
        elif expr not in seen:
            seen.add(expr)
            stack.append((expr, True))
            stack.extend((part, False) for part in reversed(tuple(parts(expr))))
