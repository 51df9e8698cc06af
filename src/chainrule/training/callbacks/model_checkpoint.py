"""Saving the training as it goes, so that it can be taken up again."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule.errors import ArgumentError
from chainrule.training.callbacks.base import Callback, Logs, Monitor
from chainrule.training.checkpoint import save_checkpoint


class ModelCheckpoint(Callback):
    """Write a checkpoint after each epoch, or after each that is the best so far.

    A checkpoint holds everything that `fit(resume=path)` needs to go on with the same bits: weights, the
    optimizer's state, the random state, the epoch and the history.

    Args:
        path: The file, such as "best.safetensors". In it are filled in `{epoch}`, numbered from 1, and measures, as in
            "{epoch:02d}-{val_loss:.2f}.safetensors".
        monitor: The measure that says which epoch is the best.
        save_best_only: Whether only the best so far are written (over one another, unless `{epoch}` is in the path).
        mode: "min", "max" or "auto" (as the metric says of itself; a loss shall fall).

    Raises:
        ArgumentError: In training, if there is no such measure.
        OSError: If the file cannot be written; the last whole one stays.

    >>> path = getfixture("tmp_path") / "last.safetensors"
    >>> x, y = [[1.0], [2.0]], [[2.0], [4.0]]
    >>> def fit(epochs, **options):
    ...     model = cr.nn.Sequential(cr.nn.Linear(1, 1, bias=False), init="zeros")
    ...     model.compile("adam", loss="mse")
    ...     return model.fit(x, y, epochs=epochs, verbose=0, **options)
    >>> _ = fit(2, callbacks=[cr.training.ModelCheckpoint(path)])
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
        if self.save_best_only:
            self.monitor.check(self.session)
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if not self.save_best_only or self.monitor.improved(self.monitor.value(logs)):
            save_checkpoint(self._filled(epoch + 1, logs), self.session)

    def _filled(self, epoch: int, logs: Logs) -> str:
        try:
            return self.path.format(epoch=epoch, **logs)
        except (KeyError, ValueError, IndexError) as error:
            raise ArgumentError(
                "the file's name cannot be filled in.",
                where="ModelCheckpoint",
                expected="{" + "}, {".join(["epoch", *logs]) + "}",
                got=f"{self.path!r}: {error}",
            ) from None
