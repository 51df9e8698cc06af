"""The one place where the circle between modules and training is opened.

`compile`, `fit`, `evaluate`, `predict` and `train_on_batch` are methods of every module, yet the loop behind them
stands above the modules, in `chainrule.training`. At run time nothing here imports upward: `chainrule.training` hands
its methods to `Module` when it is loaded, as it always is with `import chainrule`. A type checker is shown the methods
where they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.training.methods import TrainingMethods as TrainingMethods
else:

    class TrainingMethods:
        """Empty until `chainrule.training` hands its methods over."""


__all__ = ["TrainingMethods"]
