"""Who runs the epochs: a compiled program, unless that is not wanted or the model cannot be traced."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chainrule.errors import SideEffectError, UntracedValueError
from chainrule.training.by_program import ByProgram
from chainrule.training.by_reference import ByReference
from chainrule.training.running import Ran, Runner, Training

# What a model does that cannot be compiled; nothing has been changed when they are raised.
NOT_TRACEABLE = (UntracedValueError, SideEffectError)


def runner_for(of: Training, compiled: bool) -> Runner:
    """Who runs the epochs of a training."""
    return _Compiled(of) if compiled else ByReference(of)


def say_not_compiled(say: Callable[[str], None], error: UntracedValueError | SideEffectError) -> None:
    """Tell the user why it takes longer than it could."""
    where = f" ({error.where})" if error.where else ""
    say(f"not compiled, which is slower: {error.message}{where}")


class _Compiled:
    """By a program; from where the model turns out not to be traceable on, by the reference interpreter."""

    def __init__(self, of: Training) -> None:
        self._of = of
        self._runner: Runner = ByProgram(of)

    def epoch(self, number: int) -> Iterator[Ran]:
        """See `Runner`."""
        try:
            yield from self._runner.epoch(number)
        except NOT_TRACEABLE as error:
            if isinstance(self._runner, ByReference):
                raise
            say_not_compiled(self._of.say, error)
            self._runner = ByReference(self._of)
            yield from self._runner.epoch(number)
