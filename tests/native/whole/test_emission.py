from chainrule.compiler.fuse.kinds import is_whole
from chainrule.core.dtype import float32
from chainrule.core.primitive import PRIMITIVES
from chainrule.graph import Apply
from chainrule.native.whole import EMITTERS


def test_every_primitive_that_needs_a_kernel_of_its_own_has_its_code():
    # scatter_add is a map only where it scatters one element a row.
    alone = {
        name for name, each in PRIMITIVES.items() if name == "scatter_add" or is_whole(Apply((), float32, each, (), {}))
    }
    assert alone == set(EMITTERS)
