"""What decays does not end in numbers that processors are slow with."""

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "make",
    [
        lambda w: cr.optim.Adam([w], lr=0.0, betas=(0.5, 0.5)),
        lambda w: cr.optim.AdamW([w], lr=0.0, betas=(0.5, 0.5)),
        lambda w: cr.optim.Adam([w], lr=0.0, betas=(0.5, 0.5), eps=0.0),
        lambda w: cr.optim.SGD([w], lr=0.0, momentum=0.5),
    ],
)
def test_means_of_gradients_that_have_ended(make, dtype):
    w = cr.tensor([1.0, -2.0], dtype=dtype, requires_grad=True)
    optimizer = make(w)
    w.grad = cr.tensor([3.0, -1e-3], dtype=dtype)
    for _ in range(1100):
        optimizer.step()
        w.grad = cr.zeros_like(w)
    for name, tensor in optimizer.state[w].items():
        value = np.abs(tensor.numpy())
        assert ((value == 0) | (value >= np.finfo(dtype).tiny)).all(), name
        if name == "exp_avg_sq":  # which decays in every step from now on
            assert (0.5 * value >= np.finfo(dtype).tiny).all()
    np.testing.assert_array_equal(w.detach().numpy(), np.array([1.0, -2.0], dtype))
