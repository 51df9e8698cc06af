"""What is kept of a run: its configuration, its result, and all that its folder holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chainrule._tensor import Tensor
from chainrule.data import Preprocessor
from chainrule.train.history import History


@dataclass(frozen=True)
class RunConfig:
    """What was trained, on what, and how.

    Attributes:
        data: The data's name, or the folder it was read from.
        model: The model's name.
        input_shape: The shape of one input.
        outputs: The number of the model's outputs.
        class_names: The names of the classes.
        optimizer: The optimizer's name.
        lr: Its learning rate at the start.
        loss: The loss's name.
        batch_size: Rows an update; None for all.
        epochs: How many epochs there might be at most.
        patience: How many epochs early stopping waited.
        seed: What every random number came from.
        validation: The share of all rows (or of the training rows, where the data has a test part of its own) held out
            for validation.
        test: The share of all rows held out for the test; 0 where the data has a test part of its own.
        interrupted: Whether training was ended by hand.
    """

    data: str
    model: str
    input_shape: tuple[int, ...]
    outputs: int
    class_names: tuple[str, ...]
    optimizer: str
    lr: float
    loss: str
    batch_size: int | None
    epochs: int
    patience: int
    seed: int
    validation: float
    test: float
    interrupted: bool = False


@dataclass(frozen=True)
class Result:
    """What was measured of a classifier on the test part.

    Attributes:
        loss: The mean loss.
        rows: How many rows there were.
        right: How many were given their true class.
        accuracy: Their share.
        macro_f1: The mean of the classes' F1 scores.
        confusion_matrix: A row for each true class: how many were given which class.
    """

    loss: float
    rows: int
    right: int
    accuracy: float
    macro_f1: float
    confusion_matrix: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Run:
    """A run folder's contents, read back.

    Attributes:
        folder: Where it stands.
        config: What was trained, on what, and how.
        weights: The model's state by name.
        preprocessing: What is applied to inputs, in order.
        history: Every epoch.
        result: What was measured on the test part.
        versions: What ran it.
    """

    folder: Path
    config: RunConfig
    weights: Mapping[str, Tensor]
    preprocessing: Sequence[Preprocessor]
    history: History
    result: Result
    versions: Mapping[str, str]

    def transform(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs as the model was trained on them."""
        for preprocessor in self.preprocessing:
            inputs = preprocessor.transform(inputs)
        return inputs
