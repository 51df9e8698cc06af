"""What a function's code names outside of itself: globals, variables of the functions around it, attributes of objects.

A program holds as long as these mean what they meant when it was traced. They are Python's own, so that nobody counts
their changes: they are looked at before every call, one identity test each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from operator import is_
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from chainrule.core.node import Handle
from chainrule.core.steering import BESIDES, Steering, names_in
from chainrule.jit.compare import MISSING, frozen, same, shown

_CONTAINERS = (list, tuple, dict, set, frozenset)


class Difference(NamedTuple):
    """Something that is not what it was."""

    name: str
    new: Any
    old: Any


class Surroundings:
    """What a function depends on besides its arguments.

    Args:
        function: The function.
        arguments: Its arguments that are no tensors, by name.

    Attributes:
        things: The modules and optimizers among them, by name.
        tensors: The tensors among them, by name.
        names: Every global and attribute that some code among them names.
    """

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self.things: list[tuple[str, Steering]] = []
        self.tensors: list[tuple[str, Handle]] = []
        self._looked_up: list[tuple[dict[str, Any], str, str]] = []
        self._cells: list[tuple[CellType, str]] = []
        self._contents: list[tuple[Any, str, dict[Any, Any]]] = []
        self._objects: list[tuple[Any, str]] = []
        self.names: frozenset[str] = frozenset()
        self._seen: dict[int, Any] = {}
        self._look_at(function, "")
        for name, value in arguments.items():
            self._look_at(value, name)
        self._look_into_objects()
        self._labels = [label for _, _, label in self._looked_up] + [label for _, label in self._cells]
        self._values = self._now()
        self._frozen = [frozen(value) for value in self._values]
        self._arrange()

    def changed(self) -> str | None:
        """What has changed since, in words; None if nothing has."""
        if self._unchanged():
            return None
        change = next(self.changes(), None)
        if change is not None:
            return f"{change.name} is {shown(change.new)}, was {shown(change.old)}"
        self._values = self._now()
        self._arrange()
        return None

    def changes(self) -> Iterator[Difference]:
        """All that has changed since."""
        before = zip(self._labels, self._values, self._frozen, strict=True)
        for (label, value, old), new in zip(before, self._now(), strict=True):
            if new is not value and not same(frozen(new), old):
                yield Difference(label, new, value)
        for container, label, entries in self._contents:
            now = _entries(container)
            for key in {**entries, **now}:
                new, old = now.get(key, MISSING), entries.get(key, MISSING)
                if not same(new, old):
                    yield Difference(f"{label}[{key!r}]", new, old)

    def _unchanged(self) -> bool:
        """Whether every name stands for the very object that it stood for."""
        try:
            for namespace, name, value in self._named:
                if namespace[name] is not value:
                    return False
            for cell, value in self._held:
                if cell.cell_contents is not value:
                    return False
            for container, _, entries in self._contents:
                now = container.values() if isinstance(container, dict) else container
                if len(now) != len(entries) or not all(map(is_, now, entries.values())):
                    return False
        except (KeyError, ValueError):  # a name or a variable that is gone
            return False
        return True

    def _now(self) -> list[Any]:
        looked_up = [namespace.get(name, MISSING) for namespace, name, _ in self._looked_up]
        return looked_up + [_content(cell) for cell, _ in self._cells]

    def _arrange(self) -> None:
        """Have what is there now at hand, so that it is found out quickly that it is there still."""
        self._named = [(namespace, name, namespace.get(name, MISSING)) for namespace, name, _ in self._looked_up]
        self._held = [(cell, _content(cell)) for cell, _ in self._cells]

    # Finding them

    def _look_at(self, value: Any, label: str) -> None:
        """Go on from a value that can be reached: what is it, and what does it depend on?"""
        value = inspect.unwrap(value) if callable(value) and hasattr(value, "__wrapped__") else value
        if id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if isinstance(value, FunctionType):
            self._look_into(value)
        elif isinstance(value, MethodType):
            self._look_at(value.__func__, label)
            self._look_at(value.__self__, "self")
        elif isinstance(value, Handle):
            self.tensors.append((label, value))
        elif isinstance(value, Steering) and not isinstance(value, type):
            self.things.append((label, value))
            for _, part in value.steering_parts():
                for method in _methods(type(part)):
                    self._look_at(method, label)
        elif isinstance(value, _CONTAINERS):
            entries = _entries(value)
            self._contents.append((value, label, entries))
            for key, item in entries.items():
                self._look_at(item, f"{label}[{key!r}]")
        elif hasattr(value, "__dict__") and not isinstance(value, (type, ModuleType, BuiltinFunctionType)):
            self._objects.append((value, label))

    def _look_into(self, function: FunctionType) -> None:
        names = names_in(function.__code__)
        self.names |= names
        if _is_ours(function.__module__):
            return
        for name in sorted(names & function.__globals__.keys()):
            value = function.__globals__[name]
            if not isinstance(value, (ModuleType, type)) and not _is_our_function(value):
                self._looked_up.append((function.__globals__, name, f"global {name!r}"))
            self._look_at(value, name)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self._cells.append((cell, f"variable {name!r}"))
            self._look_at(_content(cell), name)

    def _look_into_objects(self) -> None:
        """The attributes of objects, as far as some code that was found names them; until no more are found."""
        done: set[tuple[int, str]] = set()
        while True:
            for label, thing in list(self.things):
                self._look_into_lists(label, thing)
            found = [
                (value, label, name)
                for value, label in self._objects
                for name in sorted(self.names)
                if (id(value), name) not in done
            ]
            if not found:
                return
            for value, label, name in found:
                done.add((id(value), name))
                if name in vars(value):
                    self._looked_up.append((vars(value), name, f"{label}.{name}"))
                    self._look_at(vars(value)[name], f"{label}.{name}")
                else:
                    self._look_at(inspect.getattr_static(type(value), name, None), label)

    def _look_into_lists(self, label: str, thing: Steering) -> None:
        """What is put into a list or dict of a module changes no attribute, and nobody counts it."""
        for name, part in thing.steering_parts():
            for attribute, content in part.steering(self.names).items():
                if isinstance(content, (list, dict, set)):
                    self._look_at(content, ".".join(filter(None, (label, name, attribute))))


def _methods(kind: type) -> Iterator[FunctionType]:
    for each in kind.__mro__:
        if not _is_ours(each.__module__):
            entries = vars(each).items()
            yield from (entry for name, entry in entries if isinstance(entry, FunctionType) and name not in BESIDES)


def _is_our_function(value: Any) -> bool:
    return isinstance(value, FunctionType) and _is_ours(value.__module__)


def _is_ours(module: str | None) -> bool:
    return (module or "").split(".")[0] == "chainrule"


def _entries(container: Any) -> dict[Any, Any]:
    """The content of a container by key, by position, or by itself."""
    if isinstance(container, dict):
        return dict(container)
    return {item: item for item in container} if isinstance(container, (set, frozenset)) else dict(enumerate(container))


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
