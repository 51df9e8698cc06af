"""Writing LLVM's assembly language: a function, instruction by instruction.

Text is written rather than built of objects because it is several times faster to make in Python, and because it can
say everything that LLVM knows. A value is its text (`%12`, or `7`) and its type; vectors are types like `<16 x float>`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import numpy as np

# How a dtype stands in memory, and in a register.
MEMORY = {"bool": "i8", "uint8": "i8", "int32": "i32", "int64": "i64", "float32": "float", "float64": "double"}
REGISTER = MEMORY | {"bool": "i1"}
BYTES = {"i1": 1, "i8": 1, "i32": 4, "i64": 8, "float": 4, "double": 8, "ptr": 8}


class V(NamedTuple):
    """A value: its text and its type."""

    text: str
    type: str

    @property
    def lanes(self) -> int:
        """The length of a vector, 0 for a single number."""
        return lanes_of(self.type)

    @property
    def element(self) -> str:
        """The type of one element."""
        return element_of(self.type)

    @property
    def floating(self) -> bool:
        """Whether it is of floating-point numbers."""
        return self.element in ("float", "double")

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


# What is asked for tens of thousands of times in a large program is worked out once.
@cache
def vector(element: str, lanes: int) -> str:
    """The type of a vector; with no lanes, of a single number."""
    return f"<{lanes} x {element}>" if lanes else element


@cache
def lanes_of(type: str) -> int:
    """The length of a vector type, 0 for any other."""
    return int(type[1 : type.index(" ")]) if type[0] == "<" else 0


@cache
def element_of(type: str) -> str:
    """The element of a vector type; any other type itself."""
    return type[type.rindex(" ") + 1 : -1] if type[0] == "<" else type


def literal(value: float, element: str) -> str:
    """A number as LLVM writes it."""
    if element == "i1":
        return "true" if value else "false"
    if element in ("float", "double"):
        # Floats are written as the bits of a double; a float must be one that a double of its value is rounded to.
        rounded = float(np.float32(value)) if element == "float" else float(value)
        return f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}"
    return str(int(value))


def number(value: float, type: str) -> V:
    """A constant; for a vector type, the same in each lane."""
    element, lanes = element_of(type), lanes_of(type)
    one = literal(value, element)
    return V(f"splat ({element} {one})" if lanes else one, type)


@cache
def i64(value: int) -> V:
    """A 64-bit whole number."""
    return V(str(value), "i64")


# What the first line of a function says of it, and names that a text mentions.
_DEFINITION = re.compile(r"^define (?:internal |hidden )?(.+? @([\w.$-]+)\(.*\).*) \{$", re.MULTILINE)
_NAME = re.compile(r"@([\w.$-]+)")


class Module:
    """A module under construction: functions, and the declarations that they need."""

    def __init__(self) -> None:
        self._declared: dict[str, str] = {}
        self._globals: dict[str, str] = {}
        self._functions: list[str] = []
        # How many of them are in parts, and how these declare what is defined there, by name.
        self._parted = 0
        self._heads: dict[str, str] = {}
        self._metadata: list[str] = []
        self._rolled: str | None = None
        self._shared: set[str] = set()

    def declare(self, name: str, result: str, params: Sequence[str], attributes: str = "") -> None:
        """Say that a function exists elsewhere, such as an intrinsic."""
        self._declared[name] = f"declare {result} @{name}({', '.join(params)}) {attributes}".rstrip()

    def once(self, name: str, write: Callable[[], None]) -> None:
        """Call `write`, which adds the function of this name, unless it has been called before."""
        if name not in self._shared:
            self._shared.add(name)
            write()

    def table(self, name: str, type: str, values: Sequence[float]) -> V:
        """A constant array in the program, as a pointer to its first element."""
        body = ", ".join(f"{type} {literal(value, type)}" for value in values)
        self._globals[name] = f"@{name} = private unnamed_addr constant [{len(values)} x {type}] [{body}], align 64"
        return V(f"@{name}", "ptr")

    def metadata(self, body: str) -> str:
        """A numbered metadata node; its name."""
        self._metadata.append(body)
        return f"!{len(self._metadata) - 1}"

    def loop_metadata(self) -> str:
        """Keeps LLVM from unrolling a loop, which in micro-kernels spills vectors; the same for all loops."""
        if self._rolled is None:
            name = f"!{len(self._metadata)}"
            self._rolled = self.metadata(f"distinct !{{{name}, {self.metadata_named('llvm.loop.unroll.disable')}}}")
        return self._rolled

    def metadata_named(self, word: str) -> str:
        """Metadata of one word, inline."""
        return f'!{{!"{word}"}}'

    def add(self, text: str) -> None:
        """A finished function."""
        self._functions.append(text)

    @property
    def last(self) -> str:
        """The function that was added last."""
        return self._functions[-1]

    def part(self) -> str:
        """What has been added since the last part, as a module by itself: the parts together are the module.

        What one part defines, later ones may call.
        """
        text = "\n\n".join(self._functions[self._parted :]).replace("define internal ", "define hidden ")
        self._parted = len(self._functions)
        called, own = set(_NAME.findall(text)), {name: head for head, name in _DEFINITION.findall(text)}
        declared = [f"declare {head}" for name, head in self._heads.items() if name in called]
        self._heads |= own
        return self._with([text], declared)

    @property
    def lines(self) -> int:
        """How many lines of functions have been added since the last part."""
        return sum(each.count("\n") for each in self._functions[self._parted :])

    def __str__(self) -> str:
        return self._with(self._functions)

    def _with(self, functions: Sequence[str], declared: Sequence[str] = ()) -> str:
        parts = [*self._globals.values(), *functions, *self._declared.values(), *declared]
        return "\n\n".join([*parts, "\n".join(f"!{i} = {body}" for i, body in enumerate(self._metadata))]) + "\n"


class Loop:
    """A loop under construction: its index, what it carries from turn to turn, and afterwards the results."""

    def __init__(self, index: V, carried: list[V]) -> None:
        self.index = index
        self.carried = carried
        self.results: list[V] = carried
        self.following: list[V] | None = None
        self.again: V | None = None

    def next(self, values: Sequence[V], again: V | None = None) -> None:
        """What is carried into the next turn; in `Function.repeat`, also whether there is one (i1)."""
        self.following = list(values)
        self.again = again


class Function:
    """A function under construction.

    Args:
        module: Where declarations go.
        name: Its name.
        params: (type, attributes) of each parameter, such as ("ptr", "noalias").
        result: The type that it returns.
        linkage: `internal` for what only this module calls.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        params: Sequence[tuple[str, str]],
        result: str = "void",
        linkage: str = "internal",
        attributes: str = "nounwind",
    ) -> None:
        self.module = module
        self.name = name
        self.params = [V(f"%p{i}", type) for i, (type, _) in enumerate(params)]
        signature = ", ".join(f"{type} {extra} %p{i}".replace("  ", " ") for i, (type, extra) in enumerate(params))
        self._head = f"define {linkage} {result} @{name}({signature}) {attributes} {{".replace("  ", " ")
        self._lines: list[str] = ["entry:"]
        self._allocas: list[str] = []
        self._count = 0
        self.block = "entry"

    # --- the raw level ---

    def fresh(self) -> str:
        """A name for a value."""
        self._count += 1
        return f"%v{self._count}"

    def line(self, text: str) -> None:
        """One instruction without a result."""
        self._lines.append("  " + text)

    def value(self, text: str, type: str) -> V:
        """One instruction with a result."""
        name = self.fresh()
        self._lines.append(f"  {name} = {text}")
        return V(name, type)

    def label(self, hint: str) -> str:
        """A name for a block."""
        self._count += 1
        return f"{hint}{self._count}"

    def enter(self, block: str) -> None:
        """Go on in another block."""
        self._lines.append(f"{block}:")
        self.block = block

    def jump(self, block: str) -> None:
        """Go to a block."""
        self.line(f"br label %{block}")

    def branch(self, condition: V, yes: str, no: str, metadata: str = "") -> None:
        """Go to one of two blocks."""
        self.line(f"br i1 {condition.text}, label %{yes}, label %{no}{metadata}")

    def finish(self, result: V | None = None) -> None:
        """Return, and hand the function to its module."""
        self.line(f"ret {result}" if result else "ret void")
        entry, *rest = self._lines
        self.module.add("\n".join([self._head, entry, *self._allocas, *rest, "}"]))

    def alloca(self, type: str, count: int, align: int = 64) -> V:
        """Room on the stack that lasts as long as the function."""
        name = self.fresh()
        self._allocas.append(f"  {name} = alloca {type}, i64 {count}, align {align}")
        return V(name, "ptr")

    # --- arithmetic ---

    def binary(self, op: str, a: V, b: V) -> V:
        """`op` by its LLVM name, such as `fadd`."""
        return self.value(f"{op} {a}, {b.text}", a.type)

    def add(self, a: V, b: V) -> V:
        return self.binary("fadd" if a.floating else "add", a, b)

    def sub(self, a: V, b: V) -> V:
        return self.binary("fsub" if a.floating else "sub", a, b)

    def mul(self, a: V, b: V) -> V:
        return self.binary("fmul" if a.floating else "mul", a, b)

    def div(self, a: V, b: V) -> V:
        """The quotient of floats."""
        return self.binary("fdiv", a, b)

    def neg(self, a: V) -> V:
        return self.value(f"fneg {a}", a.type) if a.floating else self.sub(number(0, a.type), a)

    def fma(self, a: V, b: V, c: V) -> V:
        """`a * b + c`, rounded once for floats."""
        if not a.floating:
            return self.add(self.mul(a, b), c)
        return self.intrinsic("llvm.fma", a.type, a, b, c)

    def divmod(self, a: V, by: int) -> tuple[V, V]:
        """Quotient and remainder of a whole number that is not negative."""
        if by == 1:
            return a, number(0, a.type)
        return self.binary("udiv", a, number(by, a.type)), self.binary("urem", a, number(by, a.type))

    def multiply_add(self, a: V, b: V, c: V) -> V:
        """`a * b + c` for floats: rounded once where the processor does it in one instruction, twice elsewhere."""
        return self.intrinsic("llvm.fmuladd", a.type, a, b, c)

    def any(self, condition: V) -> V:
        """Whether it holds in at least one lane (i1)."""
        if not condition.lanes:
            return condition
        return self.intrinsic("llvm.vector.reduce.or", "i1", condition, overload=condition.type)

    def compare(self, predicate: str, a: V, b: V) -> V:
        """`predicate` by its LLVM name: `olt`, `une` ... for floats, `slt`, `ult`, `eq` ... for whole numbers."""
        op = "fcmp" if a.floating else "icmp"
        return self.value(f"{op} {predicate} {a}, {b.text}", vector("i1", a.lanes))

    def select(self, condition: V, a: V, b: V) -> V:
        return self.value(f"select {condition}, {a}, {b}", a.type)

    def convert(self, op: str, a: V, element: str) -> V:
        """`op` by its LLVM name (`sitofp`, `zext`, `bitcast` ...), lane by lane to another element type."""
        to = vector(element, a.lanes)
        return a if to == a.type else self.value(f"{op} {a} to {to}", to)

    def call(self, name: str, result: str, *args: V) -> V:
        """A function's result."""
        return self.value(f"call {result} @{name}({', '.join(map(str, args))})", result)

    def call_void(self, name: str, *args: V) -> None:
        """A function that returns nothing."""
        self.line(f"call void @{name}({', '.join(map(str, args))})")

    def intrinsic(self, name: str, result: str, *args: V, overload: str | None = None) -> V:
        """An intrinsic such as `llvm.sqrt`, declared for the type it is overloaded with (default: the result's)."""
        full = f"{name}.{mangled(overload or result)}"
        self.module.declare(full, result, [arg.type for arg in args])
        return self.call(full, result, *args)

    # --- vectors ---

    def splat(self, a: V, lanes: int) -> V:
        """The same number in each lane."""
        if not lanes or a.lanes:
            return a
        if a.text[0] not in "%@":
            return V(f"splat ({a})", vector(a.type, lanes))
        type = vector(a.type, lanes)
        first = self.value(f"insertelement {type} poison, {a}, i64 0", type)
        return self.shuffle(first, first, [0] * lanes)

    def shuffle(self, a: V, b: V, mask: Sequence[int]) -> V:
        """Lanes of `a` (0 and up), then of `b`, as the mask says."""
        indices = ", ".join(f"i32 {i}" for i in mask)
        type = vector(a.element, len(mask))
        return self.value(f"shufflevector {a}, {b}, <{len(mask)} x i32> <{indices}>", type)

    def extract(self, a: V, lane: int) -> V:
        return self.value(f"extractelement {a}, i64 {lane}", a.element)

    def insert(self, a: V, element: V, lane: int) -> V:
        return self.value(f"insertelement {a}, {element}, i64 {lane}", a.type)

    def lane_numbers(self, lanes: int, element: str = "i64") -> V:
        """0, 1, 2 ... in the lanes."""
        return V("<" + ", ".join(f"{element} {i}" for i in range(lanes)) + ">", vector(element, lanes))

    def mask(self, count: V, lanes: int) -> V:
        """True in the first `count` (i64) lanes."""
        if count.text.isdigit():
            # Written out: processors without masks take a mask that is known by other instructions, not by branches.
            bits = ", ".join(f"i1 {literal(lane < int(count.text), 'i1')}" for lane in range(lanes))
            return V(f"<{bits}>", vector("i1", lanes))
        wide = self.convert("trunc", count, "i32")
        return self.compare("slt", self.lane_numbers(lanes, "i32"), self.splat(wide, lanes))

    # --- memory ---

    def at(self, pointer: V, element: str, index: V, offset: int = 0) -> V:
        """The address of `pointer[index + offset]`."""
        if index.text != "0":
            pointer = self.value(f"getelementptr inbounds {element}, {pointer}, {index}", "ptr")
        if offset:
            pointer = self.value(f"getelementptr inbounds {element}, {pointer}, i64 {offset}", "ptr")
        return pointer

    def load(self, type: str, pointer: V, align: int | None = None) -> V:
        """The number or vector at an address; aligned to its element unless `align` says better."""
        return self.value(f"load {type}, {pointer}, align {align or BYTES[element_of(type)]}", type)

    def store(self, a: V, pointer: V, align: int | None = None) -> None:
        self.line(f"store {a}, {pointer}, align {align or BYTES[a.element]}")

    def masked_load(self, type: str, pointer: V, mask: V, otherwise: V | None = None) -> V:
        """The lanes where `mask` holds; other lanes are 0 (or those of `otherwise`) and their memory is not touched."""
        name = f"llvm.masked.load.{mangled(type)}.p0"
        otherwise = otherwise or V("zeroinitializer", type)
        self.module.declare(name, type, ["ptr", "i32 immarg", mask.type, type])
        return self.value(f"call {type} @{name}({pointer}, i32 {BYTES[element_of(type)]}, {mask}, {otherwise})", type)

    def masked_store(self, a: V, pointer: V, mask: V) -> None:
        """Store the lanes where `mask` holds."""
        name = f"llvm.masked.store.{mangled(a.type)}.p0"
        self.module.declare(name, "void", [a.type, "ptr", "i32 immarg", mask.type])
        self.line(f"call void @{name}({a}, {pointer}, i32 {BYTES[a.element]}, {mask})")

    def gather(self, type: str, pointers: V, mask: V) -> V:
        """A lane each from its own address, where `mask` holds; else 0."""
        name = f"llvm.masked.gather.{mangled(type)}.{mangled(pointers.type)}"
        self.module.declare(name, type, [pointers.type, "i32 immarg", mask.type, type])
        return self.value(
            f"call {type} @{name}({pointers}, i32 {BYTES[element_of(type)]}, {mask}, {type} zeroinitializer)", type
        )

    def copy(self, to: V, source: V, bytes: V) -> None:
        """Copy memory (`bytes` is an i64) from where it does not overlap."""
        self.module.declare("llvm.memcpy.p0.p0.i64", "void", ["ptr", "ptr", "i64", "i1 immarg"])
        self.call_void("llvm.memcpy.p0.p0.i64", to, source, bytes, V("false", "i1"))

    def fill(self, pointer: V, byte: int, bytes: V) -> None:
        """Set memory (`bytes` is an i64) to one byte everywhere."""
        self.module.declare("llvm.memset.p0.i64", "void", ["ptr", "i8", "i64", "i1 immarg"])
        self.call_void("llvm.memset.p0.i64", pointer, V(str(byte), "i8"), bytes, V("false", "i1"))

    def prefetch(self, pointer: V) -> None:
        """Ask for the cache line of an address, which need not exist."""
        self.module.declare("llvm.prefetch.p0", "void", ["ptr", "i32 immarg", "i32 immarg", "i32 immarg"])
        self.line(f"call void @llvm.prefetch.p0({pointer}, i32 0, i32 3, i32 1)")

    def scatter(self, a: V, pointers: V, mask: V) -> None:
        """Store a lane each at its own address, where `mask` holds."""
        name = f"llvm.masked.scatter.{mangled(a.type)}.{mangled(pointers.type)}"
        self.module.declare(name, "void", [a.type, pointers.type, "i32 immarg", mask.type])
        self.line(f"call void @{name}({a}, {pointers}, i32 {BYTES[a.element]}, {mask})")

    # --- loops and choices ---

    @contextmanager
    def loop(
        self,
        start: V,
        stop: V,
        step: int | V = 1,
        carried: Sequence[V] = (),
        *,
        unroll: bool = True,
        may_be_empty: bool = True,
    ) -> Iterator[Loop]:
        """From `start` up to `stop` (i64).

        Within the block there are `loop.index` and `loop.carried`; it ends with `loop.next(...)` if something is
        carried. After it there is `loop.results`.

        Args:
            start: The first index.
            stop: Where it ends (not included).
            step: From index to index, above 0.
            carried: Initial values.
            unroll: False keeps LLVM from unrolling it.
            may_be_empty: False if it is known that `start < stop`.
        """
        before, body, after = self.block, self.label("loop"), self.label("after")
        if may_be_empty:
            self.branch(self.compare("slt", start, stop), body, after)
        else:
            self.jump(body)
        self.enter(body)
        index = V(self.fresh(), "i64")
        values = [V(self.fresh(), each.type) for each in carried]
        at = len(self._lines)
        self._lines.extend([""] * (1 + len(values)))
        state = Loop(index, values)
        yield state
        following = self.add(index, i64(step) if isinstance(step, int) else step)
        latch = self.block
        again = self.compare("slt", following, stop)
        self.branch(again, body, after, "" if unroll else f", !llvm.loop {self.module.loop_metadata()}")
        self._lines[at] = f"  {index.text} = phi i64 [ {start.text}, %{before} ], [ {following.text}, %{latch} ]"
        last = state.following if state.following is not None else values
        for i, (value, first, then) in enumerate(zip(values, carried, last, strict=True), start=1):
            incoming = f"[ {first.text}, %{before} ], [ {then.text}, %{latch} ]"
            self._lines[at + i] = f"  {value.text} = phi {value.type} {incoming}"
        self.enter(after)
        if may_be_empty:
            state.results = [
                self.value(f"phi {first.type} [ {first.text}, %{before} ], [ {then.text}, %{latch} ]", first.type)
                for first, then in zip(carried, last, strict=True)
            ]
        else:
            state.results = list(last)

    @contextmanager
    def repeat(self, carried: Sequence[V]) -> Iterator[Loop]:
        """At least once, and again while the condition holds that the block gives to `loop.next`."""
        before, body, after = self.block, self.label("repeat"), self.label("after")
        self.jump(body)
        self.enter(body)
        values = [V(self.fresh(), each.type) for each in carried]
        at = len(self._lines)
        self._lines.extend([""] * len(values))
        state = Loop(i64(0), values)
        yield state
        assert state.following is not None, "the block of repeat must end with loop.next"
        assert state.again is not None, "the block of repeat must say whether there is another turn"
        latch = self.block
        self.branch(state.again, body, after)
        for i, (value, first, then) in enumerate(zip(values, carried, state.following, strict=True)):
            incoming = f"[ {first.text}, %{before} ], [ {then.text}, %{latch} ]"
            self._lines[at + i] = f"  {value.text} = phi {value.type} {incoming}"
        self.enter(after)
        state.results = state.following

    @contextmanager
    def when(self, condition: V) -> Iterator[None]:
        """Only if the condition (i1) holds."""
        yes, after = self.label("then"), self.label("after")
        self.branch(condition, yes, after)
        self.enter(yes)
        yield
        self.jump(after)
        self.enter(after)


@cache
def mangled(type: str) -> str:
    """A type in the name of an intrinsic: `<16 x float>` is `v16f32`."""
    lanes = lanes_of(type)
    element = {"float": "f32", "double": "f64", "ptr": "p0"}.get(element_of(type), element_of(type))
    return f"v{lanes}{element}" if lanes else element
