"""Schedules: how the learning rate changes as training goes on. Names, arguments and values are PyTorch's.

>>> optimizer = cr.optim.SGD([cr.zeros(2, requires_grad=True)], lr=0.1)
>>> schedule = cr.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
>>> for epoch in range(10):
...     # train an epoch, then:
...     schedule.step()
>>> optimizer.lr
0.0

The files: `base` (what a schedule is), `stepwise`, `gradual`, `cosine`, `one_cycle`, `plateau` (each a family),
`sequential` (one after another), `groups` (arguments for each parameter group).
"""

from chainrule.optim.lr_scheduler.base import LRScheduler
from chainrule.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from chainrule.optim.lr_scheduler.gradual import LinearLR, PolynomialLR
from chainrule.optim.lr_scheduler.one_cycle import OneCycleLR
from chainrule.optim.lr_scheduler.plateau import ReduceLROnPlateau
from chainrule.optim.lr_scheduler.sequential import SequentialLR
from chainrule.optim.lr_scheduler.stepwise import ExponentialLR, LambdaLR, MultiStepLR, StepLR

__all__ = [
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
