"""Counting changes, so that compiled programs see with one comparison that nothing has changed since their last run."""

from __future__ import annotations


class Changes:
    """Two counters that only grow.

    Attributes:
        tensors: Grows when any tensor comes to hold something else, gets or loses a gradient, or is looked at while
            its value lies in the memory of a compiled program.
        steering: Grows when anything changes that decides which operations are done: attributes of modules,
            settings of optimizers, hooks.
    """

    __slots__ = ("steering", "tensors")

    def __init__(self) -> None:
        self.tensors = 0
        self.steering = 0


changes = Changes()
