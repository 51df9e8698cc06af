"""Columns of yes or no, in all the ways that people write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from chainrule import nn
from chainrule.columns.base import Claim, ColumnType
from chainrule.columns.classes import ClassTarget
from chainrule.columns.texts import as_texts, each_word, first_row, is_gap, share, used, words_of
from chainrule.data import State
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError

YES = frozenset({"true", "t", "yes", "y", "on", "1", "1.0", "ja", "j", "wahr", "oui", "vrai", "si", "sí"})
NO = frozenset({"false", "f", "no", "n", "off", "0", "0.0", "nein", "falsch", "non", "faux"})

_NEITHER, _FALSE, _TRUE, _GAP = -1, 0, 1, 2


class Boolean(ColumnType):
    """A column of yes or no: 1 for yes, -1 for no; where values are missing in the training part, 0 and a mark.

    Example:
        >>> smokers = Boolean().fit(Values.of(["Yes", "no", None]))
        >>> smokers.transform(Values.of(["NO", "y", ""]))
        array([[-1.,  0.],
               [ 1.,  0.],
               [ 0.,  1.]], dtype=float32)
    """

    kind = "boolean"

    def __init__(self) -> None:
        self._missing = 0.0
        self._share = 0.0

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        return _claim(values)

    def fit(self, values: Values) -> Self:
        truth = read_truth(values)
        self._missing = float((truth == _GAP).mean()) if len(truth) else 0.0
        self._share = float((truth == _TRUE).mean()) if len(truth) else 0.0
        return self

    def transform(self, values: Values) -> NDArray[np.float32]:
        truth = read_truth(values)
        signs = np.array([-1, 1, 0], np.float32)[truth][:, None]
        return np.concatenate([signs, truth[:, None] == _GAP], axis=1, dtype=np.float32) if self._missing else signs

    def encoder(self) -> nn.Module:
        return nn.Identity()

    @classmethod
    def joint_encoder(cls, columns: Sequence[Self]) -> nn.Module:
        return nn.Identity()

    def describe(self) -> str:
        gaps = f"; {share(self._missing)} missing: 0, and a mark" if self._missing else ""
        return f"no: -1, yes: 1 ({share(self._share)} yes){gaps}"

    def to_state(self) -> State:
        return State({"missing": self._missing, "share": self._share}, {})

    @classmethod
    def from_state(cls, state: State) -> Self:
        built = cls()
        built._missing, built._share = state.config["missing"], state.config["share"]
        return built


class BooleanTarget(ClassTarget):
    """Yes or no is to be predicted: see `ClassTarget`. Predictions are written as the column writes them.

    Example:
        >>> survived = BooleanTarget().fit(Values.of(["yes", "No", "no", "no"]))
        >>> survived.predictions(np.array([[-1.0]]))[""]
        array(['no'], dtype=object)
    """

    kind = "boolean"

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        return _claim(values)

    def _learn(self, values: Values) -> tuple[list[str], NDArray[np.int64]]:
        truth = read_truth(values)
        texts = as_texts(values)
        sides = [side for side in (_FALSE, _TRUE) if (truth == side).any()]
        counts = np.array([(truth == side).sum() for side in sides])
        return [_commonest(texts.take(truth == side)) for side in sides], counts

    def _codes(self, values: Values) -> NDArray[np.int64]:
        truth = read_truth(values).astype(np.int64)
        return np.where(truth == _GAP, -1, truth)


def _claim(values: Values) -> Claim | None:
    if values.array.ndim != 1 or values.array.dtype.kind not in "biuf" or values.missing.all():
        return None
    if values.words is None:
        if values.array.dtype == bool:
            return Claim(95, "truth values")
        present = values.array[~values.missing]
        both = ((present == 0) | (present == 1)).all() and (present == 0).any() and (present == 1).any()
        return Claim(70, "only 0 and 1") if both else None
    words = [str(words_of(values)[number]) for number in used(values)[0]]
    # Among more there is another: no need to look at all.
    found = {_truth(word) for word in words} if len(words) <= 2 * len(YES | NO) else {_NEITHER}
    if _NEITHER in found or not {_FALSE, _TRUE} <= found:
        return None
    return Claim(85, "only " + ", ".join(repr(word) for word in words))


def read_truth(values: Values) -> NDArray[np.int8]:
    """For each row 0 (no), 1 (yes) or 2 (nothing is known).

    Raises:
        ColumnTypeError: For what is neither yes nor no; it names the row.

    Example:
        >>> read_truth(Values.of(["No", "ja", "n/a"]))
        array([0, 1, 2], dtype=int8)
    """
    if values.array.ndim != 1 or values.array.dtype.kind not in "biuf":
        raise ColumnTypeError("this is not yes or no.", expected="truth values", got=f"dtype {values.array.dtype}")
    if values.words is not None:
        truth = each_word(values, _truth, _GAP, np.int8)
    else:
        known = (values.array == 0) | (values.array == 1)
        truth = np.where(values.missing, _GAP, np.where(known, values.array, _NEITHER)).astype(np.int8)
    if (truth == _NEITHER).any():
        row = first_row(truth == _NEITHER)
        raise ColumnTypeError(
            "this is neither yes nor no.",
            row=row,
            expected="yes or no, true or false, 1 or 0, ...",
            got=repr(values.text(row)),
            remedy="correct it, or train with the column as another type (--column NAME=category)",
        )
    return truth


def _truth(word: str) -> int:
    plain = word.strip().lower()
    return _TRUE if plain in YES else _FALSE if plain in NO else _GAP if is_gap(plain) else _NEITHER


def _commonest(texts: Values) -> str:
    numbers, counts = used(texts)
    return str(words_of(texts)[numbers[counts.argmax()]])
