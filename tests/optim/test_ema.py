import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.core.abstract import shapes_only
from chainrule.errors import ArgumentError, StateDictError, SwappedWeightsError


def moved(w, ema, values):
    for value in values:
        w.data = np.array(value, np.float32)
        ema.update()


@pytest.fixture
def w():
    return cr.tensor([0.0, 1.0], requires_grad=True)


def test_the_first_update_takes_the_weights_over(w):
    ema = optim.EMA([w], decay=0.9)
    moved(w, ema, [[2.0, 3.0]])
    with ema.average_parameters():
        assert w.tolist() == [2.0, 3.0]


def test_weights_come_back_even_after_an_error(w):
    ema = optim.EMA([w], decay=0.5)
    moved(w, ema, [[0.0, 0.0], [4.0, 2.0]])

    def fail():
        with ema.average_parameters():
            assert w.tolist() == [2.0, 1.0]
            raise RuntimeError("in the block")

    with pytest.raises(RuntimeError, match="in the block"):
        fail()
    assert w.tolist() == [4.0, 2.0]
    assert w.requires_grad


def test_averages_are_no_part_of_what_is_learned(w):
    ema = optim.EMA([w], decay=0.5)
    moved(w, ema, [[1.0, 1.0]])
    (w**2).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_what_must_not_be_done_while_swapped(w):
    ema = optim.EMA([w])
    ema.swap()
    for call in (ema.update, ema.state_dict, lambda: ema.load_state_dict({}), ema.average_parameters().__enter__):
        with pytest.raises(SwappedWeightsError, match="the weights' place"):
            call()
    ema.swap()
    ema.update()


def test_a_saved_state_goes_on_bit_for_bit(w):
    ema = optim.EMA([w], decay=0.7)
    moved(w, ema, [[1.0, 2.0], [3.0, 5.0]])
    saved = ema.state_dict()
    other = optim.EMA([w], decay=0.1)
    other.load_state_dict(saved)
    for each in (ema, other):
        moved(w, each, [[7.0, 9.0]])
    for a, b in zip(ema.state_dict()["averages"], other.state_dict()["averages"], strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert saved["updates"].item() == 2
    assert other.decay == 0.7


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("averages"),
        lambda state: state["averages"].pop(),
        lambda state: state["averages"].__setitem__(0, cr.zeros(3)),
        lambda state: state.pop("decay"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(w, change):
    ema = optim.EMA([w], decay=0.7)
    moved(w, ema, [[1.0, 2.0]])
    state = ema.state_dict()
    state["decay"] = 0.2
    change(state)
    with pytest.raises(StateDictError):
        ema.load_state_dict(state)
    assert ema.decay == 0.7
    assert ema.state_dict()["averages"][0].tolist() == [1.0, 2.0]


def test_it_runs_without_values(w):
    ema = optim.EMA([w], decay=0.5)
    moved(w, ema, [[1.0, 2.0]])
    with shapes_only():
        ema.update()
        with ema.average_parameters():
            assert (w * 2).shape == (2,)
    assert w.tolist() == [1.0, 2.0]
    assert ema.state_dict()["updates"].item() == 1


def test_a_model_keeps_its_dtype():
    model = nn.Linear(2, 1)
    ema = optim.EMA(model.parameters(), decay=0.9)
    ema.update()
    ema.update()
    with ema.average_parameters():
        assert {param.dtype for param in model.parameters()} == {cr.float32}


def test_arguments(w):
    for decay in (1.0, -0.1, "0.9"):
        with pytest.raises(ArgumentError, match="decay"):
            optim.EMA([w], decay=decay)
    with pytest.raises(ArgumentError, match="no tensor"):
        optim.EMA([w, 3])
