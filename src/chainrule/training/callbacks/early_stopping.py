"""Stopping when the validation no longer becomes better."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.optim.arguments import whole
from chainrule.training.callbacks.base import Callback, Logs, Monitor


class EarlyStopping(Callback):
    """Stop when a measure has not become better for `patience` epochs; the best weights always come back.

    Args:
        monitor: The measure, such as "val_loss".
        min_delta: By how much it must be better to count.
        patience: How many epochs to wait for something better.
        mode: "min", "max" or "auto" (as the metric says of itself; a loss shall fall).
        restore_best_weights: Whether the weights of the best epoch are put back at the end, whether training
            was stopped early or not. True unless you say otherwise.
        start_from_epoch: Epochs before this one are not watched.

    Raises:
        ArgumentError: For a negative patience; or in training, if there is no such measure.

    >>> cr.training.EarlyStopping(patience=3).monitor.name
    'val_loss'
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
    ) -> None:
        self._settings = (monitor, mode, min_delta)
        self.monitor = Monitor(monitor, mode, min_delta, "EarlyStopping")
        self.patience = whole("patience", patience, least=0)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.best_epoch: int | None = None
        self._best_weights: dict[str, Tensor] = {}

    def on_train_begin(self) -> None:
        monitor, mode, min_delta = self._settings
        self.monitor = Monitor(monitor, mode, min_delta, "EarlyStopping")
        self.monitor.check(self.session)
        self.best_epoch = None
        self._best_weights = {}

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        value = self.monitor.value(logs)
        if epoch < self.start_from_epoch:
            return
        if self.monitor.improved(value):
            self.best_epoch = epoch
            self._best_weights = self.session.model.state_dict()
        elif self.best_epoch is None or epoch - self.best_epoch >= max(self.patience, 1):
            since = f"since epoch {self.best_epoch + 1}" if self.best_epoch is not None else "at all"
            self.session.stop(f"{self.monitor.name} has not become better {since}")

    def on_train_end(self) -> None:
        if self.restore_best_weights and self.best_epoch is not None:
            self.session.model.load_state_dict(self._best_weights)
            self.session.say(
                f"the weights of epoch {self.best_epoch + 1} are restored, the best: "
                f"{self.monitor.name} {self.monitor.best:.4g}"
            )
        self._best_weights = {}
