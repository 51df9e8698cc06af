"""What is chosen where nobody has said, and that what is said counts."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.table import ArrayTable
from chainrule.errors import UnknownNameError
from chainrule.tables.choosing import Plan, choose
from chainrule.tables.network import build
from chainrule.tables.preparation import Preparation
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings


@pytest.fixture
def preparation() -> Preparation:
    numbers = np.arange(20.0)
    table = ArrayTable({"x": numbers, "z": numbers % 7, "y": numbers * 2})
    return Preparation.fit(table, infer_schema(table, ["y"]), np.arange(20))


def linears(preparation: Preparation, plan: Plan) -> int:
    return sum(isinstance(module, cr.nn.Linear) for module in build(preparation, plan.architecture).modules())


def test_fewer_rows_train_for_more_epochs_and_with_more_dropout(preparation: Preparation) -> None:
    few, some, many = (choose(preparation, rows, Settings()) for rows in (300, 10_000, 1_000_000))
    assert few.epochs > some.epochs > many.epochs
    assert few.patience > some.patience > many.patience
    assert few.architecture.dropout > some.architecture.dropout
    assert few.batch_size < some.batch_size < many.batch_size


def test_what_is_said_counts(preparation: Preparation) -> None:
    said = Settings(optimizer="sgd", batch_size=0, epochs=7, patience=2, model="linear")
    plan = choose(preparation, 300, said)
    assert (plan.optimizer, plan.lr, plan.batch_size, plan.epochs, plan.patience) == ("sgd", None, 0, 7, 2)
    assert linears(preparation, plan) == 1
    assert plan.because == "no hidden layer, for 300 rows to train on"
    assert linears(preparation, choose(preparation, 300, Settings())) == 4


def test_a_model_of_pictures_is_none_for_numbers(preparation: Preparation) -> None:
    with pytest.raises(UnknownNameError, match="lenet"):
        choose(preparation, 300, Settings(model="lenet"))
