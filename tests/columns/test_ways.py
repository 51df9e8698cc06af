"""Ways to encode a column that the user may choose."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.columns import type_and_way
from chainrule.data.table import ArrayTable
from chainrule.errors import UnknownNameError
from chainrule.tables.preparation import Preparation
from chainrule.tables.schema import infer_schema

TABLE = ArrayTable({"size": [1.0, 2.0, 5.0, 9.0], "colour": ["red", "blue", "red", "blue"], "y": [0.5, 1.5, 2.5, 3.5]})


def prepared(**kinds):
    preparation = Preparation.fit(TABLE, infer_schema(TABLE, ["y"], kinds=kinds), np.arange(4))
    return preparation, preparation.apply(TABLE)[:, preparation.places["size"].start]


def test_a_way_that_is_said_is_taken():
    preparation, size = prepared(size="number:minmax", colour="category:embedding")
    np.testing.assert_allclose(size, [0, 0.125, 0.5, 1])
    assert any(isinstance(module, cr.nn.Embedding) for module in preparation.inputs["colour"].encoder().modules())
    again = Preparation.from_state(preparation.to_state())
    np.testing.assert_array_equal(again.apply(TABLE), preparation.apply(TABLE))
    assert again.inputs["colour"].describe() == preparation.inputs["colour"].describe()


def test_otherwise_the_values_decide():
    preparation, size = prepared()
    np.testing.assert_allclose(size.mean(), 0, atol=1e-6)
    assert "one-hot" in preparation.inputs["colour"].describe()


@pytest.mark.parametrize(
    ("said", "near"), [("number:minmx", "minmax"), ("numbr", "number"), ("boolean:big", "boolean")]
)
def test_a_way_that_there_is_not(said, near):
    with pytest.raises(UnknownNameError, match=near):
        type_and_way(said)
