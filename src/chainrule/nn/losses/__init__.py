"""Losses: one short class each over a function of `nn.functional`, and the names they go by.

Classes called ...Loss are PyTorch's in name, arguments and meaning, where PyTorch has them; `HingeLoss`,
`CosineSimilarityLoss`, `CategoricalCrossEntropy` and `KLDivergence` are Keras's in meaning.
"""

from chainrule.nn.losses.base import Loss
from chainrule.nn.losses.binary import BCELoss, BCEWithLogitsLoss, HingeLoss
from chainrule.nn.losses.classes import (
    CategoricalCrossEntropy,
    CrossEntropyLoss,
    KLDivergence,
    KLDivLoss,
    NLLLoss,
)
from chainrule.nn.losses.names import forms, get, loss_names
from chainrule.nn.losses.numbers import (
    CosineEmbeddingLoss,
    CosineSimilarityLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    SmoothL1Loss,
)

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CategoricalCrossEntropy",
    "CosineEmbeddingLoss",
    "CosineSimilarityLoss",
    "CrossEntropyLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "KLDivergence",
    "L1Loss",
    "Loss",
    "MSELoss",
    "NLLLoss",
    "SmoothL1Loss",
    "forms",
    "get",
    "loss_names",
]
