"""Other libraries' ways of working, kept: scikit-learn's estimators, PyTorch's weights.

Only here are other frameworks imported. What needs one is loaded when it is first asked for, so that nobody needs what
he does not use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from chainrule.errors import MissingDependencyError
from chainrule.interop.pytorch import load_pytorch

if TYPE_CHECKING:
    from chainrule.interop.estimators import ChainruleClassifier, ChainruleRegressor

__all__ = ["ChainruleClassifier", "ChainruleRegressor", "load_pytorch"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        estimators = importlib.import_module("chainrule.interop.estimators")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("sklearn"):
            raise
        raise MissingDependencyError(
            "scikit-learn is not installed.", where=name, remedy='pip install "chainrule[scikit-learn]"'
        ) from None
    return getattr(estimators, name)
