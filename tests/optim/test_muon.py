import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule import optim
from chainrule.errors import ArgumentError
from chainrule.optim.muon import orthogonalised

COEFFICIENTS = tuple(cr.tensor(value, dtype=cr.float64) for value in (3.4445, -4.775, 2.0315))
COEFFICIENTS32 = tuple(each.to(cr.float32) for each in COEFFICIENTS)
EPS = cr.tensor(1e-7, dtype=cr.float64)


@given(
    rows=st.integers(1, 6), columns=st.integers(1, 6), seed=st.integers(0, 100), scale=st.sampled_from([1e-4, 1, 1e4])
)
def test_a_direction_keeps_its_singular_vectors_and_evens_out_its_values(rows, columns, seed, scale):
    matrix = np.random.RandomState(seed).standard_normal((rows, columns)) * scale
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    out = orthogonalised(cr.tensor(matrix), COEFFICIENTS, 5, EPS).numpy()
    turned = u.T @ out @ v.T
    values = np.diag(turned)
    np.testing.assert_allclose(turned, np.diag(values), atol=1e-9)
    large = s > 0.05 * np.linalg.norm(s)  # five steps do not lift the smallest all the way
    assert ((values[large] > 0.5) & (values[large] < 1.3)).all()


@pytest.mark.parametrize("shape", [(16, 40), (40, 16), (3, 200), (16, 24), (1, 5)])
@pytest.mark.parametrize("digits", [0, 3, 8])
def test_long_rows_are_multiplied_by_polynomials_of_their_products(shape, digits):
    """In float32, with singular values so many digits apart, every singular value becomes what the iteration says."""
    rng = np.random.RandomState(0)
    u, s, v = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    s = np.logspace(0, -digits, len(s)) if digits else s
    out = orthogonalised(cr.tensor((u * s @ v).astype(np.float32)), COEFFICIENTS32, 5, cr.tensor(1e-7)).numpy()
    s /= np.linalg.norm(s)
    for _ in range(5):
        s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
    assert np.linalg.norm(out - u * s @ v, 2) < 2e-3


def test_a_gradient_of_0_is_no_direction():
    w = cr.ones(2, 3, requires_grad=True)
    w.grad = cr.zeros(2, 3)
    optim.Muon([w], lr=0.1, weight_decay=0.0).step()
    assert (w == 1).all()


@pytest.mark.parametrize("adjust", ["original", "match_rms_adamw"])
def test_a_filter_is_a_matrix_of_a_row_an_output(adjust):
    rng = np.random.default_rng(0)
    weight, gradient = (rng.standard_normal((5, 3, 3, 2)).astype(np.float32) for _ in range(2))
    found = []
    for shape in (weight.shape, (5, 18)):
        w = cr.tensor(weight.reshape(shape), requires_grad=True)
        w.grad = cr.tensor(gradient.reshape(shape))
        optim.Muon([w], lr=0.1, adjust_lr_fn=adjust).step()
        found.append(w.detach().numpy().reshape(weight.shape))
    np.testing.assert_array_equal(*found)


def test_only_matrices_and_filters():
    with pytest.raises(ArgumentError, match=r"(?s)Muon takes matrices and filters only.*\(3,\).*AdamW"):
        optim.Muon([cr.zeros(2, 3, requires_grad=True), cr.zeros(3, requires_grad=True)])
