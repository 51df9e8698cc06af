"""Who takes part: a file each, which trains a workload the way that framework's users write it.

Each file has `prepare(workload)`, which builds the model and gives a function that takes so many steps and returns the
last loss as a float, once all of it is done. Where a network only predicts, that loss is worked out of its last output.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Contestant:
    """One way to train.

    Attributes:
        module: The name of its file.
        title: What tables and pictures call it.
        packages: What must be installed; the first is what its import time is taken of.
        ours: Whether it is chainrule's, and so no peer.
        whole_epochs: Whether it is a `fit`, which trains whole epochs and shuffles.
        pictures: Whether it takes part where rows are pictures: True, False, or "only" there.
        environment: What must be in the environment before it is imported.
        tolerance: How far its loss after a few steps may be from PyTorch's, relative to it.
    """

    module: str
    title: str
    packages: tuple[str, ...]
    ours: bool = False
    whole_epochs: bool = False
    pictures: Literal[True, False, "only"] = True
    environment: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 1e-4

    def missing(self) -> list[str]:
        """Which of its packages are not installed."""
        return [package for package in self.packages if importlib.util.find_spec(package) is None]


CONTESTANTS = [
    Contestant("chainrule_jit", "chainrule, cr.jit", ("chainrule",), ours=True),
    Contestant("chainrule_fit", "chainrule, fit", ("chainrule",), ours=True, whole_epochs=True),
    Contestant("torch_eager", "PyTorch", ("torch",)),
    Contestant("torch_fused", "PyTorch, fused Adam", ("torch",)),
    Contestant("torch_last", "PyTorch, channels last", ("torch",), pictures="only"),
    Contestant("torch_fused_last", "PyTorch, channels last, fused", ("torch",), pictures="only"),
    Contestant("torch_compiled", "PyTorch, torch.compile", ("torch",)),
    # optax rounds Adam's 1 - 0.999**t to float32, which moves the first updates by some 1e-5 of their size.
    Contestant("jax_optax", "JAX jit, optax", ("jax", "optax"), tolerance=1e-3),
    Contestant(
        "keras_jax",
        "Keras on JAX, fit",
        ("keras", "jax"),
        whole_epochs=True,
        environment={"KERAS_BACKEND": "jax"},
    ),
    Contestant("scikit_learn", "scikit-learn, fit", ("sklearn",), whole_epochs=True, pictures=False),
]
BY_MODULE = {contestant.module: contestant for contestant in CONTESTANTS}


class NotExpressibleError(Exception):
    """The framework has no way to say what the workload asks for."""
