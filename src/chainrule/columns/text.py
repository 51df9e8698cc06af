"""Columns of texts that people wrote: recognised, and left out until there are encoders of texts."""

from __future__ import annotations

from typing import NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.columns.base import Claim, ColumnType
from chainrule.columns.texts import used, words_of
from chainrule.data import State
from chainrule.data.values import Values
from chainrule.errors import ColumnTypeError
from chainrule.nn import Module

# Texts are told from categories by a look at so many of them, which have on average more letters than this.
LOOKED_AT = 1000
LONG = 20


class Text(ColumnType):
    """A column of texts, most of them different, and long.

    Example:
        >>> Text.claim("message", Values.of(["Ok lar... Joking wif u oni...", "Free entry in 2 a wkly comp!"]))
        Claim(strength=40, reason='2 different texts in 2 rows, of 28 letters on average')
    """

    kind = "text"
    left_out = "texts cannot be encoded yet"

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        if values.words is None:
            return None
        numbers, counts = used(values)
        looked_at = words_of(values)[numbers[:: max(1, len(numbers) // LOOKED_AT)]]
        if len(numbers) <= counts.sum() / 2 or not any(" " in word for word in looked_at):
            return None
        letters = float(np.mean([len(word) for word in looked_at]))
        rows = f"{len(numbers):,} different texts in {counts.sum():,} rows"
        return Claim(40, f"{rows}, of {letters:.0f} letters on average") if letters > LONG else None

    def fit(self, values: Values) -> Self:
        _refuse()

    def transform(self, values: Values) -> NDArray[np.float32]:
        _refuse()

    def encoder(self) -> Module:
        _refuse()

    def describe(self) -> str:
        return self.left_out

    def to_state(self) -> State:
        return State({}, {})

    @classmethod
    def from_state(cls, state: State) -> Self:
        return cls()


def _refuse() -> NoReturn:
    raise ColumnTypeError(
        "texts cannot be encoded yet.",
        expected="numbers, categories, truth values, dates or pictures",
        got="texts",
        remedy="leave the column out, or say that it is a category (--column NAME=category)",
    )
