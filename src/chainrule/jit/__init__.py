"""Compiling functions: capture, guards, retracing, calling what was compiled."""

from chainrule.jit.function import Jitted, Lowered, jit

__all__ = ["Jitted", "Lowered", "jit"]
