"""Layers, losses, initialisers: what models are built of."""

from chainrule.nn.containers import ModuleDict, ModuleList, Sequential
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter

__all__ = ["Module", "ModuleDict", "ModuleList", "Parameter", "Sequential"]
