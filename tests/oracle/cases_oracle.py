"""Cases that test the oracle itself, one for each thing that a case may do."""

import numpy as np

from tests.oracle.case import Cases, integers, normal, uniform

cases = Cases("torch")

cases.add("product", lambda torch, x, y: x * y, x=normal(2, 3), y=uniform(3, low=1, high=2))
cases.add("single-precision", lambda torch, x: x * x, x=normal(4, dtype=np.float32))
cases.add("indices", lambda torch, x: x + 1, x=integers(5, low=0, high=9))
cases.add("pair", lambda torch, x: (x.sum(), x * 2), x=normal(3))
cases.add("scalar", lambda torch, x: x * x, x=np.array(3.0))


def descent(torch, w):
    """Two steps of gradient descent on the square: values, no gradients."""
    first = w.detach() - 0.1 * 2 * w.detach()
    return {"after_1": first, "after_2": first - 0.1 * 2 * first}


cases.add("descent", descent, w=normal(3))
