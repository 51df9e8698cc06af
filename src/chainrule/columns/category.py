"""Columns of categories: names of a few kinds of things, or numbers that are codes; and classes to be predicted."""

from __future__ import annotations

import math
import re
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.columns.base import Claim, ColumnType
from chainrule.columns.classes import ClassTarget
from chainrule.columns.texts import as_texts, each_word, share, used, words_of
from chainrule.data import State
from chainrule.data.values import Values
from chainrule.errors import ArgumentError, ColumnTypeError
from chainrule.ops.compare import eq
from chainrule.ops.creation import asarray
from chainrule.ops.movement import cast

# Up to so many categories each has an input of its own; from then on each has a vector that is learned.
ONE_HOT = 16
# The rarer ones beyond are pooled: float32 would hold more, but each costs a vector and its moments.
MOST = 10_000
# So many places has a one-hot row of a linear model at most.
MOST_PLACES = 64
# What has fewer rows in the training part is pooled, in small tables down to 2.
RARE = 5
# Names of columns whose numbers are codes.
CODES = re.compile(r"(?i:code|zip|class|type|category|(^|[_\W])(id|no|nr))$|(?<=[a-z])I[dD]$")
# Whole numbers from 0 or 1 up to this are classes, if none is left out.
MANY_CLASSES = 20


class Category(ColumnType):
    """A column of categories.

    A row becomes the number of its category: 0 for what is rare in the training part or unknown there, then nothing
    (where values are missing in the training part), then the categories, the most frequent first. The encoder makes
    one-hot rows of up to 16 categories, and vectors that are learned of more. Where no category is rare, what is
    unknown is encoded as zeros, since nothing could be learned of it.

    Args:
        form: "one-hot" or "embedding"; "auto" chooses by the number of categories.

    Raises:
        ArgumentError: For a form that there is not.

    Example:
        >>> cities = Category().fit(Values.of(["Rome", "Oslo", None, "Rome", "Oslo", "Rome"]))
        >>> cities.transform(Values.of(["Rome", "Paris", None])).ravel()
        array([2., 0., 1.], dtype=float32)
        >>> print(cities.describe())
        one-hot of 2 categories; 17 % missing: a category of its own
    """

    kind = "category"
    ways = ("one-hot", "embedding")

    def __init__(self, form: str = "auto") -> None:
        if form not in ("auto", *self.ways):
            raise ArgumentError(
                "unknown form.", where="category", expected="auto, one-hot or embedding", got=repr(form)
            )
        self._form = form
        self._categories: tuple[str, ...] = ()
        self._numbers: dict[str, int] = {}
        self._missing = 0.0
        self._rare = 0
        self._least = 0

    @classmethod
    def among(cls, columns: int, way: str = "") -> Self:
        return cls(way or "auto")

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        n_present = int((~values.missing).sum())
        if values.array.ndim != 1 or not n_present:
            return None
        if values.words is not None:
            n_different = len(used(values)[0])
            different = f"{_counted(n_different, 'text')} in {n_present:,} rows"
            if _leading_zeros(values):
                return Claim(80, f"{different}, with leading zeros")
            return Claim(60 if n_different <= n_present / 2 else 15 if n_different < n_present else 5, different)
        if values.array.dtype.kind in "iu" and _names_codes(name):
            n_different = len(np.unique(values.array[~values.missing]))
            if n_different <= n_present / 2:
                return Claim(60, f"{_counted(n_different, 'whole number')}, codes by the column's name")
        return None

    def fit(self, values: Values) -> Self:
        self._missing = float(values.missing.mean()) if len(values) else 0.0
        texts = as_texts(_of_one_dimension(values))
        numbers, counts = used(texts)
        self._least = int(np.clip(len(values) // 100, 2, RARE))
        kept = numbers[counts >= self._least]
        # By frequency, and by name where that is the same: the same in every run.
        order = np.lexsort((kept, -counts[counts >= self._least]))[:MOST]
        self._rare = len(numbers) - len(order)
        self._become(tuple(words_of(texts)[kept[order]]))
        return self

    def _become(self, categories: tuple[str, ...]) -> None:
        self._categories = categories
        first = 2 if self._missing else 1
        self._numbers = {category: number for number, category in enumerate(categories, start=first)}

    def transform(self, values: Values) -> NDArray[np.float32]:
        texts = as_texts(_of_one_dimension(values))
        missing = 1 if self._missing else 0
        return each_word(texts, lambda word: self._numbers.get(word, 0), missing, np.float32)[:, None]

    @property
    def _n_codes(self) -> int:
        return len(self._categories) + (2 if self._missing else 1)

    @property
    def _codes(self) -> range:
        """The numbers of categories that occur in the training part."""
        return range(0 if self._rare else 1, max(self._n_codes, 2))

    def encoder(self) -> nn.Module:
        if self._is_one_hot:
            return OneHot(self._codes)
        return CategoryEmbedding(self._n_codes, _embedding_width(self._n_codes), self._rare > 0)

    def design(self, prepared: NDArray[Any]) -> NDArray[np.float32]:
        # One-hot, also of many; the rarest share the last place.
        places = min(self._n_codes, MOST_PLACES)
        return np.eye(places, dtype=np.float32)[np.minimum(prepared.reshape(-1).astype(np.int64), places - 1)]

    def describe(self) -> str:
        count = len(self._categories)
        form = "one-hot of" if self._is_one_hot else "a learned vector for each of"
        parts = [f"{form} {count:,} categor{'y' if count == 1 else 'ies'}"]
        if self._missing:
            parts.append(f"{share(self._missing)} missing: a category of its own")
        if self._rare:
            why = f"fewer than {self._least} rows each" if count < MOST else "the rarest"
            parts.append(f"{self._rare:,} rare ({why}) pooled, unknown ones with them")
        return "; ".join(parts)

    @property
    def _is_one_hot(self) -> bool:
        return self._form == "one-hot" or (self._form == "auto" and len(self._codes) <= ONE_HOT)

    def to_state(self) -> State:
        config = {
            "form": self._form,
            "categories": list(self._categories),
            "missing": self._missing,
            "rare": self._rare,
            "least": self._least,
        }
        return State(config, {})

    @classmethod
    def from_state(cls, state: State) -> Self:
        built = cls(state.config["form"])
        built._missing, built._rare = state.config["missing"], state.config["rare"]
        built._least = state.config["least"]
        built._become(tuple(state.config["categories"]))
        return built


def _of_one_dimension(values: Values) -> Values:
    if values.array.ndim != 1:
        raise ColumnTypeError("these are no categories.", expected="a value a row", got=f"shape {values.array.shape}")
    return values


def _counted(count: int, noun: str) -> str:
    return f"{count:,} different {noun}{'' if count == 1 else 's'}"


def _names_codes(name: str) -> bool:
    """Whether numbers in a column of this name are codes.

    >>> [_names_codes(name) for name in ("pclass", "StoreId", "zip code", "store_id", "humid", "age")]
    [True, True, True, True, False, False]
    """
    return bool(CODES.search(name))


def _leading_zeros(values: Values) -> bool:
    """Whether these are digits alone, some with a 0 before the others: "01234" is no number."""
    words = [words_of(values)[number] for number in used(values)[0]]
    return all(word.isdecimal() for word in words) and any(len(word) > 1 and word[0] == "0" for word in words)


def _embedding_width(n_codes: int) -> int:
    """J. Howard and S. Gugger's rule of thumb (fastai, `emb_sz_rule`), bounded: wider ones cost more than they tell."""
    return min(32, round(1.6 * math.pow(n_codes, 0.56)))


class OneHot(nn.Module):
    """A 1 at the place of the category, 0 elsewhere.

    Args:
        codes: The numbers of categories that have a place.

    Shape:
        (N, 1), numbers of categories, to (N, C).

    Example:
        >>> OneHot(range(1, 4))(cr.tensor([[2.0], [0.0]]))
        tensor([[0., 1., 0.],
                [0., 0., 0.]])
    """

    codes: Tensor

    def __init__(self, codes: range) -> None:
        super().__init__()
        self.register_buffer("codes", asarray(np.array(codes, np.float32)))

    def forward(self, input: Tensor) -> Tensor:
        return cast(eq(input, self.codes), input.dtype)


class CategoryEmbedding(nn.Module):
    """A vector for each category, which is learned.

    Args:
        n_codes: How many numbers of categories there are.
        width: How long a vector is.
        unknown_is_learned: Whether rows of category 0 occur in training. Otherwise its vector is, and stays, 0.

    Shape:
        (N, 1), numbers of categories, to (N, width).

    Example:
        >>> CategoryEmbedding(100, 8, unknown_is_learned=False)(cr.tensor([[7.0]])).shape
        (1, 8)
    """

    def __init__(self, n_codes: int, width: int, unknown_is_learned: bool) -> None:
        super().__init__()
        self.vectors = nn.Embedding(n_codes, width, padding_idx=None if unknown_is_learned else 0)

    def forward(self, input: Tensor) -> Any:
        return self.vectors(input[:, 0].long())


class CategoryTarget(ClassTarget):
    """A class that is to be predicted: see `ClassTarget`. Classes are in order of their names, numbers by size.

    Example:
        >>> sexes = CategoryTarget().fit(Values.of(["male", "female", "male"]))
        >>> sexes.class_names, sexes.task
        (('female', 'male'), 'binary')
        >>> sexes.predictions(np.array([[0.0], [2.0]]))
        {'': array(['female', 'male'], dtype=object), 'probability of female': array([0.5       , 0.11920292], dtype=float32), 'probability of male': array([0.5      , 0.8807971], dtype=float32)}
    """  # noqa: E501

    kind = "category"

    @classmethod
    def claim(cls, name: str, values: Values) -> Claim | None:
        n_present = int((~values.missing).sum())
        if values.array.ndim != 1 or not n_present or values.array.dtype.kind not in "biuf":
            return None
        if values.words is not None:
            return Claim(60, f"{_counted(len(used(values)[0]), 'text')} in {n_present:,} rows")
        different = np.unique(values.array[~values.missing])
        otherwise = f"to predict a number, say --column {name}=number"
        if (different != np.floor(different)).any():
            return None
        if len(different) == 2:
            return Claim(60, f"2 different whole numbers, {different[0]:g} and {different[1]:g}: classes ({otherwise})")
        without_gap = different[0] in (0, 1) and different[-1] - different[0] == len(different) - 1
        if without_gap and 2 < len(different) <= min(MANY_CLASSES, n_present / 2):
            return Claim(
                60, f"whole numbers {different[0]:g} to {different[-1]:g} without a gap: classes ({otherwise})"
            )
        return None

    def _learn(self, values: Values) -> tuple[list[str], NDArray[np.int64]]:
        texts = as_texts(_of_one_dimension(values))
        numbers, counts = used(texts)
        if len(numbers) > 100 and len(numbers) > counts.sum() / 2:
            raise ColumnTypeError(
                "there are nearly as many classes as rows.",
                expected="classes of several rows each",
                got=f"{len(numbers):,} different values in {counts.sum():,} rows",
                remedy="choose another target; that it is a number is said by --column NAME=number",
            )
        names = [str(word) for word in words_of(texts)[numbers]]
        order = sorted(range(len(names)), key=lambda at: _by_size_or_name(names[at]))
        return [names[at] for at in order], counts[order]

    def _codes(self, values: Values) -> NDArray[np.int64]:
        known = {name: number for number, name in enumerate(self.class_names)}
        return each_word(as_texts(_of_one_dimension(values)), lambda word: known.get(word, -1), -1, np.int64)


def _by_size_or_name(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
