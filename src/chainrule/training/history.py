"""What training has seen, epoch by epoch."""

from __future__ import annotations

import math
import os
from typing import Any

from chainrule.errors import ArgumentError, MissingDependencyError, UnknownNameError


class History:
    """The losses and metrics of every epoch, as `fit` gives them back.

    Attributes:
        epoch: The numbers of the epochs, from 0.
        history: A list for each name, one value an epoch: "loss" and metrics, measured while training (with
            dropout, over weights that still move), and with "val_" before them those of the validation.
        seconds: How long each epoch took, with its validation.
        waited: How long its steps waited for pictures that are decoded while it runs.

    >>> history = cr.training.History()
    >>> history.add(0, {"loss": 0.5, "val_loss": 0.6}, seconds=1.0)
    >>> history["val_loss"]
    [0.6]
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}
        self.seconds: list[float] = []
        self.waited: list[float] = []

    def add(self, epoch: int, logs: dict[str, float], seconds: float, waited: float = 0.0) -> None:
        """Take in an epoch."""
        self.epoch.append(epoch)
        self.seconds.append(seconds)
        self.waited.append(waited)
        for name, value in logs.items():
            self.history.setdefault(name, [math.nan] * (len(self.epoch) - 1)).append(float(value))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.history:
            raise UnknownNameError("column of the history", name, self.history)
        return self.history[name]

    def __len__(self) -> int:
        return len(self.epoch)

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.4g}" for name, values in self.history.items())
        return f"History({len(self)} epochs; last: {last})" if self.epoch else "History(no epochs)"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, for JSON; what is not finite becomes None."""
        columns = {
            name: [value if math.isfinite(value) else None for value in values] for name, values in self.history.items()
        }
        return {"epoch": self.epoch, "seconds": self.seconds, "waited": self.waited, "history": columns}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> History:
        """The history that `to_dict` has written.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: If it is not what `to_dict` writes.
        """
        history = cls()
        history.epoch = [int(epoch) for epoch in data["epoch"]]
        history.seconds = [float(seconds) for seconds in data["seconds"]]
        history.waited = [float(waited) for waited in data.get("waited", [0.0] * len(history.epoch))]
        history.history = {
            str(name): [math.nan if value is None else float(value) for value in values]
            for name, values in data["history"].items()
        }
        if {len(values) for values in [history.seconds, history.waited, *history.history.values()]} != {
            len(history.epoch)
        }:
            raise ValueError("columns of different lengths")
        return history

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw every measure against the epochs, training and validation in one panel.

        Args:
            path: Where to write the picture (PNG, SVG, PDF by its ending). None: nowhere.

        Returns:
            The matplotlib figure.

        Raises:
            MissingDependencyError: If matplotlib is not installed.
            ArgumentError: If there is no epoch to draw.
        """
        if not self.epoch:
            raise ArgumentError("there is nothing to draw yet.", expected="at least one epoch", got="none")
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import MaxNLocator
        except ImportError:
            raise MissingDependencyError(
                "drawing needs matplotlib.", remedy="pip install 'chainrule[plot]', or read history.history"
            ) from None
        names = [name for name in self.history if not name.startswith("val_")]
        figure = Figure(figsize=(4.8 * len(names), 3.6), layout="constrained")
        for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            epochs = [epoch + 1 for epoch in self.epoch]
            axes.plot(epochs, self.history[name], marker=".", label=f"{name} (while training)")
            if f"val_{name}" in self.history:
                axes.plot(epochs, self.history[f"val_{name}"], marker=".", label=f"val_{name}")
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.set_title(name)
            axes.legend()
            axes.grid(alpha=0.3)
        if path is not None:
            figure.savefig(path, dpi=120)
        return figure
