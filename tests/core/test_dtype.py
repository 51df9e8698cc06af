"""Promotion: the table of the Array API standard (2024.12), and PyTorch's answers where the standard has none."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.core.dtype import ALL, FLOATING, INTEGER, as_dtype
from chainrule.errors import DTypeError

U8, I32, I64, F32, F64 = cr.uint8, cr.int32, cr.int64, cr.float32, cr.float64

# https://data-apis.org/array-api/2024.12/API_specification/type_promotion.html
STANDARD = {
    (U8, U8): U8,
    (U8, I32): I32,
    (U8, I64): I64,
    (I32, I32): I32,
    (I32, I64): I64,
    (I64, I64): I64,
    (F32, F32): F32,
    (F32, F64): F64,
    (F64, F64): F64,
    (cr.bool, cr.bool): cr.bool,
}
dtypes = st.sampled_from(ALL)


@pytest.mark.parametrize("pair", STANDARD)
def test_the_standards_table(pair):
    a, b = pair
    assert cr.result_type(a, b) == cr.result_type(b, a) == STANDARD[pair]
    if cr.bool not in pair:
        assert (cr.ones(2, dtype=a) + cr.ones(2, dtype=b)).dtype == STANDARD[pair]


def test_the_higher_kind_wins_and_keeps_its_width():
    for whole, floating in itertools.product((cr.bool, *INTEGER), FLOATING):
        assert cr.result_type(whole, floating) == floating
        assert (cr.ones(2, dtype=whole) * cr.ones(2, dtype=floating)).dtype == floating
    for whole in INTEGER:
        assert cr.result_type(cr.bool, whole) == whole


def test_it_is_what_pytorch_says():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    for a, b in itertools.product(ALL, ALL):
        theirs = torch.promote_types(getattr(torch, a.name), getattr(torch, b.name))
        assert str(theirs) == f"torch.{cr.result_type(a, b).name}"


@given(st.lists(dtypes, min_size=1, max_size=5), st.randoms())
def test_the_order_does_not_matter(chosen, random):
    shuffled = random.sample(chosen, len(chosen))
    assert cr.result_type(*chosen) == cr.result_type(*shuffled)


@given(dtypes, dtypes, dtypes)
def test_it_does_not_matter_what_is_combined_first(a, b, c):
    assert cr.result_type(cr.result_type(a, b), c) == cr.result_type(a, cr.result_type(b, c))


@pytest.mark.parametrize("dtype", ALL)
def test_python_numbers_take_the_tensors_dtype_unless_their_kind_is_higher(dtype):
    x = cr.ones(2, dtype=dtype)
    assert (x * True).dtype == dtype
    assert (x * 2).dtype == (cr.int64 if dtype == cr.bool else dtype)
    assert (x * 2.5).dtype == (dtype if dtype in FLOATING else cr.float32)
    assert (2.5 * x).dtype == (x * 2.5).dtype


def test_numpys_scalars_are_numbers_too():
    x = cr.ones(2)
    assert (x * np.sqrt(0.5)).dtype == cr.float32
    assert (np.float64(0.5) * x).dtype == cr.float32
    assert (x + np.int64(1)).dtype == cr.float32
    assert (x * np.ones(2)).dtype == cr.float64


def test_the_default_dtype_is_what_python_floats_become():
    cr.set_default_dtype(cr.float64)
    try:
        assert cr.tensor(1.0).dtype == cr.zeros(2).dtype == cr.rand(2).dtype == cr.float64
        assert (cr.tensor([1, 2]) / 2).dtype == cr.float64
        assert (cr.ones(2, dtype=cr.float32) * 0.5).dtype == cr.float32
    finally:
        cr.set_default_dtype(cr.float32)
    with pytest.raises(DTypeError, match="float32 or float64"):
        cr.set_default_dtype(cr.int64)


@pytest.mark.parametrize("name", ["float16", "int8", "uint16", "complex64", "datetime64[s]"])
def test_other_dtypes_are_refused(name):
    with pytest.raises(DTypeError, match=r"expected: +one of bool, uint8"):
        cr.zeros(2, dtype=name)


def test_refusals_name_the_way_out():
    with pytest.raises(DTypeError, match=r"astype\('float32'\)"):
        cr.tensor(np.ones(2, np.float16))
    with pytest.raises(DTypeError, match="'flot' is not a dtype"):
        as_dtype("flot")
    with pytest.raises(DTypeError, match=r"300 does not fit uint8[\s\S]*remedy"):
        cr.ones(2, dtype=cr.uint8) + 300


def test_pytorchs_names():
    assert (cr.float, cr.double, cr.int, cr.long, cr.bool) == (F32, F64, I32, I64, np.dtype(bool))
    assert cr.ones(1).dtype == "float32"
