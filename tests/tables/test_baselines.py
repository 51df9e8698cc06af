"""The baselines are as good as simple models can be: a weak one would flatter the network."""

import numpy as np

from chainrule.data import ArrayTable
from chainrule.tables.baselines import linear
from chainrule.tables.preparation import Preparation
from chainrule.tables.schema import infer_schema

SIZES = {"small": 5.0, "large": -3.0, "middle": 40.0, "none": 7.0}


def test_the_linear_model_knows_each_category():
    rng = np.random.default_rng(0)
    size = rng.choice(list(SIZES), 300)
    table = ArrayTable({"size": size, "x": rng.normal(size=300), "y": [SIZES[each] for each in size]})
    preparation = Preparation.fit(table, infer_schema(table, ["y"]), np.arange(200))
    rows = preparation.design(preparation.apply(table))
    truth = preparation.truth(table, np.arange(300), "y")
    predicted, _ = linear(preparation.targets["y"], rows[:200], truth[:200], [rows[200:]], seed=0)
    np.testing.assert_allclose(predicted, truth[200:], atol=0.2)
