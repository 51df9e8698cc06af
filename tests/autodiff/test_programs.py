"""Random programs that compute, change in place and look at parts: PyTorch's gradients, or an error as there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

PARTS = {
    "row": lambda t: t[0],
    "column": lambda t: t[:, 1],
    "turned": lambda t: t.T,
    "flat": lambda t: t.view(-1),
    "deeper": lambda t: t.unsqueeze(0)[0][1],
    "detached": lambda t: t.detach(),
}
UNARY = ["exp", "tanh", "sigmoid", "sin", "square", "relu", "abs", "neg", "clone"]
factors = st.sampled_from([0.5, 1.25, -2.0])
steps = st.one_of(
    st.tuples(st.just("binary"), st.sampled_from(["add", "sub", "mul", "div"]), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("unary"), st.sampled_from(UNARY), st.integers(0, 9)),
    st.tuples(st.just("change"), st.sampled_from(["add_", "sub_", "mul_"]), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("itself"), st.sampled_from(["exp_", "tanh_", "neg_", "relu_", "zero_"]), st.integers(0, 9)),
    st.tuples(st.just("part"), st.sampled_from(sorted(PARTS)), st.integers(0, 9), factors),
    st.tuples(st.just("write"), st.integers(0, 1), st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.just("unseen"), st.just("mul_"), st.integers(0, 9), factors),
)


def run(library, program):
    """The tensors and gradients of the program; a `RuntimeError` where a value that is needed was changed."""
    leaves = [
        library.tensor(values, dtype=library.float64, requires_grad=True)
        for values in ([[0.5, 1.5], [0.7, 0.3]], [[1.2, 0.4], [0.9, 2.0]])
    ]
    tensors = [*leaves, leaves[0] * leaves[1]]

    def changeable(i):
        return tensors[2 + i % (len(tensors) - 2)]

    for kind, *step in program:
        if kind == "binary":
            name, i, j = step
            tensors.append(getattr(tensors[i % len(tensors)], name)(tensors[j % len(tensors)]))
        elif kind == "unary":
            name, i = step
            tensors.append(getattr(tensors[i % len(tensors)], name)())
        elif kind == "change":
            name, i, j = step
            getattr(changeable(i), name)(tensors[j % len(tensors)])
        elif kind == "itself":
            name, i = step
            getattr(changeable(i), name)()
        elif kind == "part":
            name, i, factor = step
            PARTS[name](changeable(i)).mul_(factor)
        elif kind == "write":
            row, i, j = step
            changeable(i)[row] = tensors[j % len(tensors)][1 - row]
        else:
            name, i, factor = step
            with library.no_grad():
                getattr(changeable(i), name)(factor)
    (tensors[-1].sum() + (tensors[len(tensors) // 2] * 2).sum()).backward()
    gradients = [np.zeros((2, 2)) if leaf.grad is None else leaf.grad.numpy() for leaf in leaves]
    return [tensor.detach().numpy() for tensor in tensors] + gradients


@settings(max_examples=300)
@given(st.lists(steps, min_size=1, max_size=8))
def test_is_pytorchs_or_an_error(program):
    try:
        expected = run(torch, program)
    except RuntimeError:
        expected = None
    try:
        got = run(cr, program)
    except RuntimeError:
        # Ours is never without PyTorch's; PyTorch's is without ours where it keeps more than a derivative needs (relu).
        assert expected is None
        return
    if expected is not None:
        for ours, theirs in zip(got, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10)
