"""Training: one loop behind `fit`, `evaluate` and `predict`, and what listens to it."""

import chainrule.train.methods  # noqa: F401  # hands `fit` and its kin to every module
from chainrule.train.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgressBar,
    ReduceLROnPlateau,
    TimeLimit,
)
from chainrule.train.history import History

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
