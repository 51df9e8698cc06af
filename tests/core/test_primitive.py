import numpy as np
import pytest

from chainrule.core.primitive import PRIMITIVES, Primitive, Spec
from chainrule.ops.elementwise import Unary


def test_a_rule_that_is_missing_is_an_error_at_once():
    class Half(Primitive):
        def infer(self, x: Spec) -> Spec:
            return x

    with pytest.raises(TypeError, match="no rule evaluate, vjp"):
        Half("half")
    assert "half" not in PRIMITIVES


def test_a_name_is_given_once():
    with pytest.raises(TypeError, match="defined twice"):
        Unary("exp", np.exp, None)
