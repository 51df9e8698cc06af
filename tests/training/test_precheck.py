"""The rehearsal before training: what it finds without numbers, and that it leaves no trace."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.random import default_generator
from chainrule.training.objective import Objective
from chainrule.training.precheck import rehearse, rehearse_evaluation, same_modes, trace

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.arange(12) % 3


class Counts(nn.Module):
    """Looks at values on its way, so that it cannot be worked out without them."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.norm = nn.BatchNorm1d(3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        z = self.drop(self.norm(self.layer(x)))
        return z if x.sum() > 0 else -z


def plain():
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))


@pytest.mark.parametrize("build", [plain, Counts])
def test_it_leaves_no_trace(build):
    model = build()
    objective = Objective(nn.CrossEntropyLoss())
    objective(model(cr.tensor(X)), cr.tensor(Y)).backward()
    nodes = [tensor.node for tensor in [*model.parameters(), *model.buffers()]]
    gradients = [parameter.grad.node for parameter in model.parameters()]
    random = default_generator().state.node
    trace(model, X)
    rehearse(model, objective, (X, Y), 12)
    rehearse_evaluation(model, objective, (X, Y), 12)
    assert [tensor.node for tensor in [*model.parameters(), *model.buffers()]] == nodes
    assert [parameter.grad.node for parameter in model.parameters()] == gradients
    assert default_generator().state.node is random
    assert not any(node.stale for node in nodes)
    assert model.training


@pytest.mark.parametrize("build", [plain, Counts])
def test_a_model_that_looks_at_values_trains_as_any_other(build):
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=4, epochs=30, validation_data=(X, Y), verbose=0)
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("build", [plain, Counts])
def test_shapes_are_known(build):
    assert trace(build(), X).output[1:] == (3,)


def test_one_row_for_an_evaluation():
    # A BatchNorm in training mode cannot take a single row; an evaluation can.
    model = plain()
    model.compile("adam", "sparse_categorical_crossentropy")
    assert np.isfinite(model.evaluate(X[:1], Y[:1], verbose=0))


def test_inputs_that_a_forward_changes_in_place():
    class Scales(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x):
            x /= 2
            return self.layer(x)

    model = Scales()
    model.compile("adam", "sparse_categorical_crossentropy")
    given = X.copy()
    model.fit(given, Y, epochs=1, shuffle=False, batch_size=None, verbose=0)
    np.testing.assert_array_equal(given, X)


@pytest.mark.parametrize("output", [None, 3, [cr.zeros(2)], {"a": cr.zeros(2)}, np.zeros(2)])
def test_what_is_no_tensor(output):
    class Gives(nn.Module):
        def forward(self, x):
            return output

    with pytest.raises(DTypeError, match="Gives: the model's output is not one tensor"):
        trace(Gives(), X)


@pytest.mark.parametrize("lose", [lambda z: z.sum(), lambda z: z.reshape(-1, 2), lambda z: z[0]])
def test_rows_that_get_lost(lose):
    class Loses(nn.Module):
        def forward(self, x):
            return lose(x)

    with pytest.raises(ShapeError, match=r"(?s)another number of rows.*\(12, 4\)"):
        trace(Loses(), X)


def test_modes_of_modules_are_their_own():
    model = plain()
    model[1].eval()
    with same_modes(model):
        model.train()
    assert model.training
    assert not model[1].training
    model.compile("adam", "sparse_categorical_crossentropy")
    model.evaluate(X, Y, verbose=0)
    model.predict(X)
    assert not model[1].training
