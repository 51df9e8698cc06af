"""Matrix products: a contraction as machine code.

`product` reads shapes and strides, `plan` divides the work, `outer` writes the loops and the micro-kernel, `packing`
brings panels of an operand into the order in which the micro-kernel reads them, `finish` does what follows each sum.
"""

from chainrule.native.contraction.emission import emit_contraction

__all__ = ["emit_contraction"]
