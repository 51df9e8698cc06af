"""What listens to training: stopping early, saving, changing the learning rate, reporting. One file a callback."""

from chainrule.training.callbacks.base import Callback
from chainrule.training.callbacks.csv_logger import CSVLogger
from chainrule.training.callbacks.early_stopping import EarlyStopping
from chainrule.training.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from chainrule.training.callbacks.model_checkpoint import ModelCheckpoint
from chainrule.training.callbacks.progress import ProgressBar
from chainrule.training.callbacks.time_limit import TimeLimit

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
