"""Where derivatives end: tensors that came out of a compiled function."""

from __future__ import annotations


class Compiled:
    """A compiled function, as the scope of what it returned."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def label(self) -> str:
        """The function as the user knows it."""
        return f"compiled function '{self._name}'"
