import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import (
    ArgumentError,
    DataLengthError,
    EmptyDataError,
    LabelError,
    NonFiniteDataError,
    ShapeError,
    SingleClassError,
)
from chainrule.models import Perceptron

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
TRUTH = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "nor": [1, 0, 0, 0]}


@pytest.mark.parametrize("gate", TRUTH)
@pytest.mark.parametrize("lr", [1.0, 0.1])
def test_it_learns(gate, lr, capsys):
    model = Perceptron(2, lr=lr)
    history = model.fit(CORNERS, TRUTH[gate])
    assert history.separable is True
    assert history.mistakes[-1] == 0
    assert model(cr.tensor(CORNERS)).tolist() == TRUTH[gate]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"epoch 1: {history.mistakes[0]} of 4 rows wrong"
    assert lines[-1] == "learned: a line separates the two classes"
    assert len(lines) == len(history.mistakes) + 1


@pytest.mark.parametrize("y", [[0, 1, 1, 0], [1, 0, 0, 1]])
@pytest.mark.parametrize("lr", [1.0, 0.1])
def test_it_says_that_xor_cannot_be_learned(y, lr, capsys):
    history = Perceptron(2, lr=lr).fit(CORNERS, y)
    assert history.separable is False
    assert all(history.mistakes)
    last = capsys.readouterr().out
    assert "cannot be learned" in last
    assert "no line separates the two classes" in last


def test_too_few_epochs_prove_nothing(capsys):
    history = Perceptron(2).fit(CORNERS, [0, 0, 0, 1], epochs=2)
    assert history.separable is None
    assert "more may be needed" in capsys.readouterr().out


def test_of_the_functions_of_three_bits_104_are_separable():
    """The known number of threshold functions; half of them answer 0 to the first corner, and one of these to all."""
    corners = list(itertools.product([0, 1], repeat=3))
    functions = [(0, *rest) for rest in itertools.product([0, 1], repeat=7) if any(rest)]
    verdicts = [Perceptron(3).fit(corners, targets, verbose=False).separable for targets in functions]
    assert verdicts.count(True) == 104 / 2 - 1
    assert verdicts.count(None) == 0


@given(st.integers(0, 2**32 - 1))
def test_rows_that_a_line_separates_are_learned(seed):
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (20, 2)).round(2)
    normal, offset = random.uniform(-1, 1, 2), random.uniform(-0.3, 0.3)
    distance = x @ normal + offset
    x, y = x[abs(distance) > 0.1], (distance > 0)[abs(distance) > 0.1]
    if y.any() and not y.all():
        model = Perceptron(2).double()
        assert model.fit(x, y, epochs=1000, verbose=False).separable is True
        assert model(cr.tensor(x)).tolist() == y.tolist()


def test_the_rule_is_rosenblatts():
    model = Perceptron(2, lr=0.5)
    model.fit([[1.0, 2.0], [3.0, -1.0]], [0, 1], epochs=1, verbose=False)
    # The first row is answered 1 (at 0 the step is 1): weights -0.5 * (1, 2), bias -0.5. The second then has
    # -1.5 + 1 - 0.5 = -1, so answered 0: weights + 0.5 * (3, -1), bias + 0.5.
    assert model.weight.tolist() == [1.0, -1.5]
    assert model.bias.item() == 0.0


def test_it_takes_tensors_columns_and_state():
    model = Perceptron(2)
    model.fit(cr.tensor(CORNERS), cr.tensor([[0], [0], [0], [1]]), verbose=False)
    twin = Perceptron(2)
    twin.load_state_dict(model.state_dict())
    assert twin(cr.tensor(CORNERS)).tolist() == [0, 0, 0, 1]
    assert model.summary((2,)).parameters == 3
    assert repr(model) == "Perceptron(2, lr=1.0)"


@pytest.mark.parametrize(
    ("x", "y", "error"),
    [
        (CORNERS, [-1, -1, -1, 1], LabelError),
        (CORNERS, ["no", "no", "no", "yes"], LabelError),
        (CORNERS, [0, 1, 2, 0], LabelError),
        (CORNERS, [1, 1, 1, 1], SingleClassError),
        (CORNERS, [0, 1], DataLengthError),
        ([[0, 0, 0]] * 4, [0, 0, 0, 1], ShapeError),
        ([0, 1, 2, 3], [0, 0, 0, 1], ShapeError),
        (CORNERS, [[0, 1]] * 4, ShapeError),
        ([], [], EmptyDataError),
        ([[0, np.nan], [1, 1]], [0, 1], NonFiniteDataError),
    ],
)
def test_mistakes(x, y, error):
    model = Perceptron(2)
    with pytest.raises(error):
        model.fit(x, y)
    assert model.weight.tolist() == [0.0, 0.0]


def test_arguments():
    for build in (lambda: Perceptron(0), lambda: Perceptron(2, lr=0), lambda: Perceptron(2, lr=float("nan"))):
        with pytest.raises(ArgumentError, match="Perceptron"):
            build()
    with pytest.raises(ShapeError, match="Perceptron"):
        Perceptron(2)(cr.zeros(4, 3))
    with pytest.raises(ArgumentError, match="epochs"):
        Perceptron(2).fit(CORNERS, TRUTH["and"], epochs=0)
