"""Compiling functions: capture, guards, retracing, calling what was compiled."""

from chainrule.jit.function import Jitted, jit
from chainrule.jit.stages import Lowered

__all__ = ["Jitted", "Lowered", "jit"]
