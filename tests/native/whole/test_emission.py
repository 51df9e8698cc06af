from chainrule.compiler.fuse.kinds import is_convolution, is_whole
from chainrule.core.dtype import float32
from chainrule.core.primitive import PRIMITIVES
from chainrule.graph import Apply
from chainrule.native.whole import EMITTERS


def test_every_primitive_that_needs_a_kernel_of_its_own_has_its_code():
    def alone(value):
        # scatter_add is a map only where it scatters one element a row.
        return value.primitive.name == "scatter_add" or is_whole(value) or is_convolution(value)

    values = [Apply((), float32, each, (), {}) for each in PRIMITIVES.values()]
    assert {value.primitive.name for value in values if alone(value)} == set(EMITTERS)
