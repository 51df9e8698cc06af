"""The handwritten digits that come with chainrule."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.data.idx import read_idx

__all__ = ["load_digits"]

BUNDLED = Path(__file__).parent / "bundled"


def load_digits() -> Dataset:
    """1,797 handwritten digits, the data of scikit-learn's `load_digits`.

    Pictures of 8 × 8 with values from 0 to 16 (how many of 16 points are on), by 13 writers, about 180 of each
    digit: the test part of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998,
    https://doi.org/10.24432/C50P49, CC BY 4.0).

    Returns:
        Inputs (1797, 8, 8, 1), uint8; targets (1797,), int64; class names "0" to "9".

    Example:
        >>> digits = load_digits()
        >>> digits.inputs.shape, digits.inputs.max(), digits.targets[:5]
        ((1797, 8, 8, 1), np.uint8(16), array([0, 1, 2, 3, 4]))
    """
    return Dataset(
        inputs=read_idx(BUNDLED / "digits-images-idx3-ubyte.gz", n_dimensions=3)[..., None],
        targets=read_idx(BUNDLED / "digits-labels-idx1-ubyte.gz", n_dimensions=1).astype(np.int64),
        class_names=tuple("0123456789"),
        name="digits",
        source="UCI Optical Recognition of Handwritten Digits, https://doi.org/10.24432/C50P49, CC BY 4.0",
    )
