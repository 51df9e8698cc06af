"""Training: one loop behind `fit`, `evaluate` and `predict`, and what listens to it."""

import chainrule.training.methods  # noqa: F401  # hands `fit` and its kin to every module
from chainrule.training.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgressBar,
    ReduceLROnPlateau,
    TimeLimit,
)
from chainrule.training.history import History

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TimeLimit",
]
