"""What listens to training: stopping early, saving, changing the learning rate, reporting. One file a callback."""

from chainrule.train.callbacks.base import Callback
from chainrule.train.callbacks.csv_logger import CSVLogger
from chainrule.train.callbacks.early_stopping import EarlyStopping
from chainrule.train.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from chainrule.train.callbacks.model_checkpoint import ModelCheckpoint
from chainrule.train.callbacks.progress import ProgressBar
from chainrule.train.callbacks.time_limit import TimeLimit

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TimeLimit",
]
