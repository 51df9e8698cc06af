"""`chainrule.jit`: functions that are traced once and then run as compiled programs."""

from __future__ import annotations

import functools
import gc
import os
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MethodType
from typing import Any, Generic, ParamSpec, TypeVar

from chainrule.core.modes import EVALUATE, state
from chainrule.core.node import Handle
from chainrule.errors import RetraceWarning
from chainrule.jit.assembly import assemble
from chainrule.jit.backend import Backend, Reference
from chainrule.jit.capture import capture
from chainrule.jit.guards import Guards
from chainrule.jit.native import native
from chainrule.jit.program import Program
from chainrule.jit.signature import Quick, Signature, difference, flatten, leaf_names, signature_of
from chainrule.jit.stages import Lowered
from chainrule.jit.trace import Trace

P = ParamSpec("P")
R = TypeVar("R")

# After so many retraces of one function the user is told that compiling it does not pay.
_MANY = 8
# So many programs of one function are kept: each has memory of its own, and shapes may be new at every call.
_KEPT = 64
# Tracing, and the memory that programs write, belong to one call at a time.
_lock = threading.RLock()


def jit(function: Callable[P, R]) -> Jitted[P, R]:
    """Compile a function of tensors; also a decorator, of methods too.

    At the first call the function is traced: it runs once on tensors that have a shape and a dtype but no value, and
    what it does becomes one program, which runs at this call and all later ones. Forward, `backward`, the optimizer,
    running means and dropout can all be part of it.

    Args:
        function: Takes and returns tensors, or lists, tuples and dicts of them. NumPy arrays become tensors; other
            arguments are known while it is traced: a call with others traces it again, as do other shapes and dtypes.

    Returns:
        A function of the same arguments with the same results. Tensors that the function uses without being given them
        (weights, what an optimizer remembers, the random state) are looked up at each call, and changed where it
        changes them. Python values that it uses are guarded: where one has changed, the function is traced again, and
        `CHAINRULE_LOG=retrace` tells why. NumPy arrays that it uses without being given them are constants. Of the
        programs made for one function the 64 that were used last are kept.

    Raises:
        UntracedValueError: When called, if the function asks for the value of a tensor (`item()`, `if x > 0`, ...).
        SideEffectError: When called, if it changes anything but tensors.
        ArgumentError: When called with an argument that is neither a tensor nor hashable.

    >>> w = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = cr.optim.SGD([w], lr=0.25)
    >>> @cr.jit
    ... def step(x, y):
    ...     optimizer.zero_grad()
    ...     loss = ((x @ w - y) ** 2).sum()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> [step(cr.tensor([[1.0, 0.0]]), cr.tensor([2.0])).item() for _ in range(3)]
    [1.0, 0.25, 0.0625]
    >>> w.detach()
    tensor([1.8750, 2.0000])
    """
    return Jitted(function)


@dataclass(eq=False)
class _Version:
    """One of the programs of a function.

    Attributes:
        signature: Of the arguments that it is for.
        program: What runs.
        guards: What else must hold.
        own: The arguments that must be these very tensors, as the function reaches them by itself too.
        reached: The tensors that it reaches by itself; no other argument may be one of them.
        quick: Tells by a few looks whether arguments are of its signature.
        used: When it was taken last, counted in looks for a version.
    """

    signature: Signature
    program: Program
    guards: Guards
    own: dict[int, Handle]
    reached: frozenset[int]
    quick: Quick
    used: int = 0

    def fits(self, args: tuple[Any, ...]) -> bool:
        """Whether it can be seen quickly that this is the version for these arguments."""
        return self.quick.fits(args) and not self.own and self.guards.broken(args) is None

    def takes(self, leaves: Sequence[Any]) -> bool:
        """Whether the arguments are those tensors that the function reaches by itself, and no others are."""
        if not self.own:
            return self.reached.isdisjoint(map(id, leaves))
        return all(leaves[i] is handle for i, handle in self.own.items()) and self.reached.isdisjoint(
            [id(leaf) for i, leaf in enumerate(leaves) if i not in self.own]
        )


class Jitted(Generic[P, R]):
    """A function that is traced at the first call, and compiled. See `chainrule.jit`."""

    __wrapped__: Callable[P, R]

    def __init__(self, function: Callable[P, R], backend: Backend = native) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._backend = backend
        self._name = getattr(function, "__name__", type(function).__name__)
        self._versions: dict[Signature, list[_Version]] = {}
        self._recent: _Version | None = None
        self._looks = 0
        # How often which thing was the reason to trace it again.
        self._reasons: Counter[str] = Counter()

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if state.interpreter is not EVALUATE:
            # Within another trace it becomes a part of that; where things are only tried out it runs as it stands.
            return self._function(*args, **kwargs)
        with _lock:
            version = self._recent
            if version is not None and not kwargs and version.fits(args):
                quickly: R = version.program.run(args)
                return quickly
            leaves, form = flatten(args, kwargs)
            result: R = self._find(args, kwargs, leaves, form).program.run(leaves)
            return result

    def lower(self, *args: P.args, **kwargs: P.kwargs) -> Lowered:
        """Trace the function for these arguments, without running it and without any change.

        Returns:
            Its stages as text, what it costs, and the memory it needs; print it for an overview.
        """
        with _lock:
            return Lowered(self._name, self._trace(args, kwargs)[0], flatten(args, kwargs)[0])

    def _find(self, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any], form: Any) -> _Version:
        """The version for these arguments: one that there is, or a new one."""
        signature = signature_of(self._name, leaves, form)
        for version in self._versions.get(signature, []):
            if version.takes(leaves) and version.guards.broken(leaves) is None:
                self._take(version)
                return version
        if self._recent is not None:
            self._say_why(signature, leaf_names(self._function, args, kwargs), leaves)
        with _no_search_for_cycles():
            return self._new_version(args, kwargs, leaves, signature)

    def _new_version(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any], signature: Signature
    ) -> _Version:
        trace, own = self._trace(args, kwargs)
        # What holds for this call only is not worth compiling, and where nothing is computed there is nothing to do.
        backend = self._backend if trace.lasting and trace.graph.outputs else Reference
        program = Program(trace, backend, self._name)
        reached = frozenset(map(id, trace.holders()))
        version = _Version(
            signature, program, Guards(trace), {i: leaves[i] for i in own}, reached, Quick(signature, trace)
        )
        if trace.lasting:
            self._versions.setdefault(signature, []).append(version)
            self._take(version)
            self._drop_the_oldest()
        return version

    def _take(self, version: _Version) -> None:
        self._recent = version
        self._looks += 1
        version.used = self._looks

    def _drop_the_oldest(self) -> None:
        """Let go of the version that was not used for the longest time, if there are too many."""
        versions = [version for each in self._versions.values() for version in each]
        if len(versions) > _KEPT:
            oldest = min(versions, key=lambda version: version.used)
            self._versions[oldest.signature].remove(oldest)
            if not self._versions[oldest.signature]:
                del self._versions[oldest.signature]

    def _trace(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Trace, frozenset[int]]:
        names = leaf_names(self._function, args, kwargs)
        trace = assemble(capture(self._function, args, kwargs, names), names)
        if trace.known:
            # The function reaches some arguments by itself too: they are the tensors themselves then.
            own = trace.known
            return assemble(capture(self._function, args, kwargs, names, own), names), own
        return trace, frozenset()

    def _say_why(self, signature: Signature, names: list[str], leaves: list[Any]) -> None:
        """Tell why the function is traced again; and if that happens often, that it does not pay."""
        assert self._recent is not None
        if signature != self._recent.signature:
            reason = difference(names, signature, self._recent.signature)
        else:
            reason = self._recent.guards.broken(leaves) or "an argument is a tensor that the function uses already"
        if "retrace" in os.environ.get("CHAINRULE_LOG", "").split(","):
            print(f"{self._name}: retraced because {reason}", file=sys.stderr)
        self._reasons[_subject(reason)] += 1
        if self._reasons.total() == _MANY + 1:
            what = self._reasons.most_common(1)[0][0]
            warnings.warn(
                f"{self._name} has been traced {_MANY + 2} times, as {what} keeps changing; the last time "
                f"because {reason}. Each time it is compiled anew. Give it what changes as a tensor "
                "(chainrule.tensor(0.1) for a number), or batches of one shape (drop_last=True).",
                RetraceWarning,
                stacklevel=4,
            )


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Python's search for objects that hold each other would go through a growing trace again and again, for nothing.

    And what a call leaves behind does not depend on when a search happens to come.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _subject(reason: str) -> str:
    """What a reason is about: the words before what it is now."""
    for word in (" has ", " is ", " holds "):
        reason = reason.split(word)[0]
    return reason
