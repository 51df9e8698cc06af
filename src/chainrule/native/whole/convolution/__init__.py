"""The three passes of convolution, channels last: tiles of sums in registers, over pictures that carry their padding.

`geometry` names the sizes and strides, `parts` what the passes share: scratch memory, padded pictures, packed weights,
the step that multiplies. Each pass is one file: `forward`, `backward_input`, `backward_weight`; `short_windows` has
the sums of windows of few elements, `inside` those that must not touch what stands beyond a picture (`magnitude` has
what finds infinities). Where every channel is convolved by itself, `depthwise` has the first two and
`depthwise_weight` the third; `taps` says what is summed, `lines` how it is gone over. On a processor with a matrix
unit, `matrix` has the first two, which are the same there (`sweep` says how), over pictures in an order of their own
(`planes`), and `matrix_weight` the third. Windows of 3×3 take fewer products than multiplications: `winograd` has the
transforms, `winograd_by_two` those where windows step, `winograd_tiles` what the passes share beside them;
`winograd_windows` is what the first two passes are then, `winograd_weight` the third.
"""

from chainrule.native.whole.convolution.backward_input import emit_convolution_input
from chainrule.native.whole.convolution.backward_weight import emit_convolution_weight
from chainrule.native.whole.convolution.forward import emit_convolution

__all__ = ["emit_convolution", "emit_convolution_input", "emit_convolution_weight"]
