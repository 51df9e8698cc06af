"""Where the data of a run comes from, and how it is split."""

from __future__ import annotations

from pathlib import Path

from chainrule.data import Dataset, Split, load_digits, load_idx_folder, split_dataset

BUNDLED = "digits"
# Of the bundled digits, which have no test part of their own.
TEST_SHARE = 0.2
VALIDATION_SHARE = 0.1


def read(data: str | Path | None, seed: int) -> tuple[Split, float]:
    """The three parts of the data, and the share that was held out for the test (0 if it came with one).

    Args:
        data: A folder with MNIST's files; None or "digits" for the bundled digits.
        seed: Decides who is in which part.
    """
    if data is None or str(data) == BUNDLED:
        return split_dataset(load_digits(), validation=VALIDATION_SHARE, test=TEST_SHARE, seed=seed), TEST_SHARE
    whole = load_idx_folder(data)
    parts = split_dataset(whole.train, validation=VALIDATION_SHARE, seed=seed)
    return Split(parts.train, parts.validation, whole.test), 0.0


def parts(split: Split) -> dict[str, Dataset]:
    """The parts by name, those that are there."""
    named = {"training": split.train, "validation": split.validation, "test": split.test}
    return {name: part for name, part in named.items() if part is not None}
