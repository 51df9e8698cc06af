"""Whether a short program is faster on several threads or alone: found out by trying, again and again.

What one thread has written another must fetch, which takes longer the further apart their processors are. The system,
or the host of a virtual machine, does not say where it has put them, and it moves them: a step that takes 33 µs on two
threads now may take 72 in a minute, and 38 alone. The results are the same bits either way.
"""

from __future__ import annotations

from math import inf
from statistics import median

# So many runs of each way are measured, after so many that only warm it up: a worker may be asleep.
_RUNS, _WARM = 8, 4
# What a program must gain to change its way; where the other way takes so many times as long, a few runs show it.
_GAIN, _HOPELESS = 0.05, 2.0
# After a trial none comes for so long: the least time, and the most, to which it grows while trials change nothing; and
# so many times as long as the trial.
_SHORTEST_SECONDS, _LONGEST_SECONDS, _RARE = 0.25, 8.0, 100
# Longer programs hand over little beside what they compute.
_LONG_SECONDS = 1e-3


class Pace:
    """The way in which a program runs, by how long its runs take.

    Attributes:
        alone: Whether the next run is to have one thread.
        on_trial: Whether the next runs are measured: they should be short.
    """

    def __init__(self) -> None:
        self.alone = False
        self.on_trial = True
        self._taken: list[float] = []
        self._other_way: float | None = None
        self._pause = _SHORTEST_SECONDS
        self._spent = self._rest = 0.0

    def took(self, seconds: float, steps: int) -> None:
        """Take note that so many steps have taken so long."""
        if not self.on_trial:
            self._rest -= seconds
            self.on_trial = self._rest <= 0
            return
        self._spent += seconds
        self._taken.append(seconds / max(steps, 1))
        if self._other_way is not None and min(self._taken[:_WARM]) > _HOPELESS * self._other_way:
            if len(self._taken) == _WARM:
                self._decide(better=False)
            return
        if len(self._taken) < _WARM + _RUNS:
            return
        found, self._taken = median(self._taken[_WARM:]), []
        if self._other_way is not None:
            self._decide(better=found < (1 - _GAIN) * self._other_way)
        elif not self.alone and found > _LONG_SECONDS:
            self.on_trial, self._rest = False, inf
        else:
            self._other_way, self.alone = found, not self.alone

    def _decide(self, *, better: bool) -> None:
        """Stay with the way that was tried last if it was the better one, else go back."""
        if not better:
            self.alone = not self.alone
        self._pause = _SHORTEST_SECONDS if better else min(2 * self._pause, _LONGEST_SECONDS)
        self.on_trial, self._rest = False, max(self._pause, _RARE * self._spent)
        self._taken, self._other_way, self._spent = [], None, 0.0
