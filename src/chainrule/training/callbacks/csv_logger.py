"""The history as a table, written as training goes."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from chainrule.training.callbacks.base import Callback, Logs


class CSVLogger(Callback):
    """Write a row for each epoch: its number (from 0), and every measure.

    Args:
        filename: The file; it is written anew unless `append` is set.
        append: Whether to go on behind what is there.
        separator: Between columns.

    Raises:
        OSError: In training, if the file cannot be written.

    >>> path = getfixture("tmp_path") / "log.csv"
    >>> model = cr.nn.Sequential(cr.nn.Linear(1, 1, bias=False), init="zeros")
    >>> model.compile("sgd", loss="mse")
    >>> _ = model.fit([[1.0], [2.0]], [[2.0], [4.0]], epochs=2, verbose=0, callbacks=[cr.training.CSVLogger(path)])
    >>> [line.split(",")[0] for line in path.read_text().splitlines()]
    ['epoch', '0', '1']
    """

    def __init__(self, filename: str | os.PathLike[str], append: bool = False, separator: str = ",") -> None:
        self.path = Path(filename)
        self.append = append
        self.separator = separator
        self._columns: list[str] = []

    def on_train_begin(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._columns = []
        if self.append and self.path.exists():
            with self.path.open(newline="") as stream:
                self._columns = next(csv.reader(stream, delimiter=self.separator), [])
        else:
            self.path.write_text("")

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.separator, lineterminator="\n")
        if not self._columns:
            self._columns = ["epoch", *logs]
            writer.writerow(self._columns)
        writer.writerow([epoch if name == "epoch" else logs.get(name, "") for name in self._columns])
        # One write a row: a reader, or a crash, never meets half of one.
        with self.path.open("a", newline="") as stream:
            stream.write(text.getvalue())
