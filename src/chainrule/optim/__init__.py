"""Optimizers, schedules of their learning rate, and what else stands between `backward` and the next batch.

The files: `optimizer` (what every optimizer is), `params` (reading what it is given), `group` (parameters with their
settings), `arguments` (checks), `state` (saving and loading); one file for each optimizer, `multi` for several as one,
`registry` for optimizers by name; `clipping`, `accumulation`, `ema` (averaged weights), `range_test` (finding a
learning rate); `lr_scheduler`, the schedules.
"""

from chainrule.optim import lr_scheduler
from chainrule.optim.accumulation import GradientAccumulator
from chainrule.optim.adagrad import Adagrad
from chainrule.optim.adam import Adam
from chainrule.optim.adamw import AdamW
from chainrule.optim.clipping import clip_grad_norm_, clip_grad_value_
from chainrule.optim.ema import EMA
from chainrule.optim.group import ParamGroup
from chainrule.optim.lion import Lion
from chainrule.optim.multi import MultiOptimizer
from chainrule.optim.muon import Muon
from chainrule.optim.nadam import NAdam
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.range_test import LRRangeTest, lr_range_test
from chainrule.optim.registry import get, optimizer_names
from chainrule.optim.rmsprop import RMSprop
from chainrule.optim.sgd import SGD

__all__ = [
    "EMA",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "GradientAccumulator",
    "LRRangeTest",
    "Lion",
    "MultiOptimizer",
    "Muon",
    "NAdam",
    "Optimizer",
    "ParamGroup",
    "RMSprop",
    "clip_grad_norm_",
    "clip_grad_value_",
    "get",
    "lr_range_test",
    "lr_scheduler",
    "optimizer_names",
]
