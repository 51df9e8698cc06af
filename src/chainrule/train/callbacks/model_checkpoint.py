"""Saving the training as it goes, so that it can be taken up again."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule.train.callbacks.base import Callback, Logs, Monitor
from chainrule.train.checkpoint import save_checkpoint


class ModelCheckpoint(Callback):
    """Write a checkpoint after each epoch, or after each that is the best so far.

    A checkpoint holds everything that `fit(resume=path)` needs to go on with the same bits: weights, the
    optimizer's state, the random state, the epoch and the history.

    Args:
        path: The file, such as "best.safetensors"; `{epoch}` in it is filled in, numbered from 1.
        monitor: The measure that says which epoch is the best.
        save_best_only: Whether only the best so far are written (over one another, unless `{epoch}` is in the path).
        mode: "min", "max" or "auto" (a loss or an error shall fall).

    Raises:
        ArgumentError: In training, if there is no such measure.
        OSError: If the file cannot be written; the last whole one stays.

    >>> path = getfixture("tmp_path") / "last.safetensors"
    >>> x, y = [[1.0], [2.0]], [[2.0], [4.0]]
    >>> def fit(epochs, **options):
    ...     model = cr.nn.Sequential(cr.nn.Linear(1, 1, bias=False), init="zeros")
    ...     model.compile("adam", loss="mse")
    ...     return model.fit(x, y, epochs=epochs, verbose=0, **options)
    >>> _ = fit(2, callbacks=[cr.train.ModelCheckpoint(path)])
    >>> fit(5, resume=path)["loss"] == fit(5)["loss"]
    True
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: str = "auto",
    ) -> None:
        self.path = str(path)
        self.save_best_only = save_best_only
        self.monitor = Monitor(monitor, mode, 0.0, "ModelCheckpoint")

    def on_train_begin(self) -> None:
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if not self.save_best_only or self.monitor.improved(self.monitor.value(logs)):
            save_checkpoint(self.path.replace("{epoch}", str(epoch + 1)), self.session)
