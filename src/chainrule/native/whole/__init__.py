"""Primitives over whole arrays: those that are neither maps nor reductions nor matrix products. One file a family."""

from chainrule.native.whole.emission import EMITTERS, emit_whole

__all__ = ["EMITTERS", "emit_whole"]
