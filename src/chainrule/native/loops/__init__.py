"""`Loops` kernels as machine code: maps, reductions and row programs."""

from chainrule.native.loops.emission import emit_loops

__all__ = ["emit_loops"]
