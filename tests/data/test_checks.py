import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from chainrule import errors
from chainrule.data import (
    check_class_indices,
    check_inputs,
    check_lengths,
    check_sample_weight,
    check_several_classes,
    check_targets,
    check_training_classes,
)

SUPPORTED = ["float32", "float64", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("dtype", SUPPORTED)
def test_what_is_right_is_handed_through(dtype):
    x = np.zeros((3, 2), dtype)
    assert check_inputs(x) is x
    assert check_targets(x) is x


@pytest.mark.parametrize(
    ("dtype", "wider"),
    [
        ("float16", "float32"),
        ("int8", "int32"),
        ("int16", "int32"),
        ("uint16", "int32"),
        ("uint32", "int64"),
        ("uint64", "int64"),
        (">f4", "float32"),
        (">i2", "int32"),
        (">f8", "float64"),
    ],
)
def test_other_dtypes_are_widened(dtype, wider):
    limit = 1000 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max if dtype != "uint64" else 2**63 - 1
    x = np.array([0, 1, limit], dtype)
    wide = check_inputs(x)
    assert wide.dtype == wider
    assert wide.dtype.isnative
    np.testing.assert_array_equal(wide, x)


@given(x=hnp.arrays(hnp.integer_dtypes() | hnp.unsigned_integer_dtypes(), hnp.array_shapes(max_dims=2)))
def test_integers_are_never_changed(x):
    if x.dtype.kind == "u" and x.dtype.itemsize == 8 and x.max() >= 2**63:
        with pytest.raises(errors.DTypeError, match="uint64"):
            check_inputs(x)
    else:
        np.testing.assert_array_equal(check_inputs(x), x)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([], errors.EmptyDataError, r"shape \(0,\)"),
        (np.zeros((3, 0)), errors.EmptyDataError, "no data"),
        (3.0, errors.ShapeError, "rows"),
        ([[1, 2], [3]], errors.ShapeError, "equal shape"),
        (np.array([1j]), errors.DTypeError, "complex128"),
        (np.array(["2024-01-01"], dtype="M8[D]"), errors.DTypeError, "timedelta64"),
        (np.zeros(2, dtype=[("a", "f4")]), errors.DTypeError, "column_stack"),
        pytest.param(
            np.zeros(2, dtype=np.longdouble),
            errors.DTypeError,
            "float64",
            marks=pytest.mark.skipif(np.dtype(np.longdouble).itemsize == 8, reason="long double is float64 here"),
        ),
        ([[1.0, np.inf], [np.nan, 2.0]], errors.NonFiniteDataError, "2 of 4 values are NaN or infinite"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), errors.NonFiniteDataError, "masked"),
    ],
)
def test_what_neither_inputs_nor_targets_can_be(values, error, message):
    for check in (check_inputs, check_targets):
        with pytest.raises(error, match=message):
            check(values, "data")


@pytest.mark.parametrize(
    ("values", "sample"),
    [
        (["cat", "dog"], "'cat' in row 0"),
        (np.array([[1, "cat"], [2.5, None]], dtype=object), "'cat' in row 0, column 1"),
        (np.array([1, None], dtype=object), "None in row 1"),
        ([b"cat"], "b'cat'"),
        (np.array([1, 2], dtype=object), "dtype object"),
    ],
)
def test_texts_and_objects(values, sample):
    with pytest.raises(errors.DTypeError, match=sample):
        check_inputs(values)
    with pytest.raises(errors.LabelError, match=r"np.unique\(y, return_inverse=True\)") as caught:
        check_targets(values)
    assert sample in str(caught.value)


def test_the_place_of_the_first_nan_is_named():
    x = np.zeros((5, 4, 4, 1), dtype=np.float32)
    x[3, 1, 2, 0] = -np.inf
    x[4, 0, 0, 0] = np.nan
    with pytest.raises(
        errors.NonFiniteDataError, match=r"2 of 80 values .*\n.*\n.*-inf in row 3, position \(1, 2, 0\)"
    ):
        check_inputs(x)
    with pytest.raises(errors.NonFiniteDataError, match=r"nan in row 2"):
        check_targets([0.0, 1.0, np.nan])


def test_lengths():
    assert check_lengths({"x": np.zeros((4, 2)), "y": np.zeros(4), "sample_weight": np.zeros(4)}) == 4
    with pytest.raises(errors.DataLengthError, match=r"1,000 in x, 999 in y"):
        check_lengths({"x": np.zeros(1000), "y": np.zeros(999)})


def test_class_indices():
    y = np.array([[0], [9]], dtype=np.uint8)
    assert check_class_indices(y, 10) is y
    with pytest.raises(errors.ClassIndexError, match=r"2 of 4 values are no class.*\n.*0 to 2\n.*3 in row 1"):
        check_class_indices(np.array([0, 3, 1, -1]), 3)
    for wrong in (np.array([0.0, 1.0]), np.array([True, False])):
        with pytest.raises(errors.TargetDTypeError, match="int64"):
            check_class_indices(wrong, 2)


def test_one_class_only():
    for several in ([0, 1], [[0], [1]], [[1, 0], [0, 1]], [0.0, 1.0]):
        check_several_classes(np.array(several))
    for single in ([2, 2, 2], [[1.0], [1.0]], [[0, 1], [0, 1]]):
        with pytest.raises(errors.SingleClassError, match="nothing to tell apart"):
            check_several_classes(np.array(single))


def test_a_class_without_training_rows():
    check_training_classes(np.array([0, 1, 2]), 3)
    with pytest.raises(errors.MissingClassError, match=r"2 of 4 classes.*\n.*\n.*none of b, d"):
        check_training_classes(np.array([0, 2]), 4, ["a", "b", "c", "d"])
    with pytest.raises(errors.MissingClassError, match=r"98 of 100 classes.*\n.*\n.*none of 2, 3, .*, \.\.\."):
        check_training_classes(np.array([0, 1]), 100)


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ([1.0, 2.0], errors.DataLengthError),
        ([[1.0], [1.0], [1.0]], errors.DataLengthError),
        ([1.0, -1.0, 1.0], errors.ArgumentError),
        ([0.0, 0.0, 0.0], errors.ArgumentError),
        ([1.0, np.nan, 1.0], errors.NonFiniteDataError),
        (["a", "b", "c"], errors.LabelError),
    ],
)
def test_weights_of_rows(weights, error):
    with pytest.raises(error, match="sample_weight"):
        check_sample_weight(weights, 3)
