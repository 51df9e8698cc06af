"""Initialisers under the name that tutorials know: `nn.init.xavier_uniform_(weight)`. Names only.

Each fills `tensor` in place, whether or not it requires a gradient, and gives it back.
"""

from chainrule.nn.auto_init import Choice, Choices, auto_, choose, drawn
from chainrule.nn.initialisers import (
    by_name,
    calculate_gain,
    constant_,
    dirac_,
    fans,
    kaiming_normal_,
    kaiming_uniform_,
    lecun_normal_,
    lecun_uniform_,
    normal_,
    ones_,
    orthogonal_,
    trunc_normal_,
    uniform_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)

__all__ = [
    "Choice",
    "Choices",
    "auto_",
    "by_name",
    "calculate_gain",
    "choose",
    "constant_",
    "dirac_",
    "drawn",
    "fans",
    "kaiming_normal_",
    "kaiming_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
