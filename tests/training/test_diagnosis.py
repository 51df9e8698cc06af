"""When a number stops being finite, the error names where that began; and the batch has not happened."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import NonFiniteError
from chainrule.ops.random import default_generator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(32, 4)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)


def fit(model, lr=0.1, epochs=1, y=Y, loss="mse", **arguments):
    model.compile(cr.optim.SGD(model.parameters(), lr=lr), loss, **arguments)
    return model.fit(X, y, epochs=epochs, batch_size=16, verbose=0)


class Between(nn.Module):
    """A function of one's own between two layers."""

    def __init__(self, function):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.middle = Own(function)
        self.output = nn.Linear(4, 1)

    def forward(self, x):
        return self.output(self.middle(self.encoder(x)))


class Own(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def test_a_step_too_long():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    with pytest.raises(NonFiniteError, match=r"(?s)in epoch 1, batch 2.*a lower learning rate"):
        fit(model, lr=1e30)


def test_logarithm_of_0():
    with pytest.raises(
        NonFiniteError, match=r"(?s)Own 'middle': the value of `log`.*from inputs 0 to .*keep its input above 0"
    ):
        fit(Between(cr.log))


def test_division_by_0():
    with pytest.raises(NonFiniteError, match=r"(?s)Own 'middle': the value of `div`.*what it divides by"):
        fit(Between(lambda x: x / (x - x)))


def test_the_derivative_of_the_root_at_0():
    # The values are finite, and so is the loss: only the gradient breaks.
    with pytest.raises(NonFiniteError, match=r"(?s)Own 'middle': the derivative of `sqrt`.*though all values are"):
        fit(Between(lambda x: (x * 0).sqrt() + x))


def test_a_loop_that_grows():
    def grow(x):
        for _ in range(100):
            x = x * 10
        return x

    with pytest.raises(NonFiniteError, match=r"Own 'middle': the value of `mul`.*in epoch 1, batch 1"):
        fit(Between(grow))


def test_gradients_that_grow():
    def grow(x):
        # x itself, with a derivative of 10 each time.
        for _ in range(50):
            x = x * 10 - (x * 9).detach()
        return x

    with pytest.raises(NonFiniteError, match=r"Own 'middle': the derivative of `mul`.*though all values are"):
        fit(Between(grow))


@pytest.mark.parametrize(("name", "layer"), [("encoder.0.weight", "Linear 'encoder.0'"), ("output.bias", "Linear 'ou")])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_weight(name, layer, value):
    model = Between(cr.tanh)
    with cr.no_grad():
        weight = dict(model.named_parameters())[name]
        weight.copy_(cr.full(weight.shape, value))
    own = name.rpartition(".")[2]
    with pytest.raises(NonFiniteError, match=f"{layer}.*its {own!r} is no longer finite, in epoch 1, batch 1"):
        fit(model)


def test_the_weight_of_the_model_itself():
    model = nn.Linear(4, 1)
    with cr.no_grad():
        model.bias.fill_(np.inf)
    with pytest.raises(NonFiniteError, match=r"^Linear: its 'bias'"):
        fit(model)


def test_a_buffer():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    model.compile("sgd", "mse")
    with cr.no_grad():
        model[1].running_mean.fill_(np.nan)
    with pytest.raises(NonFiniteError, match=r"(?s)BatchNorm1d '1'.*in the evaluation.*NaN in its running_mean"):
        model.evaluate(X, Y)


def test_a_mask_of_infinities_is_not_blamed():
    mask = cr.tensor([0.0, -np.inf, 0.0, 0.0])

    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = Own(lambda x: cr.softmax(x + mask, dim=-1))
            self.explodes = Own(lambda x: x * 1e38 * 1e38)
            self.output = nn.Linear(4, 1)

        def forward(self, x):
            return self.output(self.explodes(self.attention(self.output.weight * x)))

    with pytest.raises(NonFiniteError, match="Own 'explodes'"):
        fit(Masked())


def test_a_loss_of_ones_own():
    with pytest.raises(NonFiniteError, match="the loss: the value of `log`"):
        fit(nn.Linear(4, 1), loss=lambda p, t: (p * 0 - 1).log().mean())


def test_the_last_update_of_all():
    # Nothing comes after it that would show that it broke the weights.
    model = nn.Linear(4, 1)
    model.compile(cr.optim.SGD(model.parameters(), lr=3e38), "mse")
    with pytest.raises(NonFiniteError, match=r"Linear: its '(weight|bias)'.*in the update after batch 1 of epoch 1"):
        model.fit(X, Y * 100, batch_size=None, verbose=0)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("clip", [{}, {"clip_norm": 1.0}, {"clip_value": 1.0}])
def test_clipping_hides_nothing(accumulate, clip):
    with pytest.raises(NonFiniteError, match="Own 'middle'"):
        fit(Between(cr.log), accumulate=accumulate, **clip)


def test_in_the_validation():
    class Explodes(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 1)
            self.blow = Own(lambda x: x if self.training else x * 1e38 * 1e38)

        def forward(self, x):
            return self.blow(self.layer(x))

    model = Explodes()
    model.compile("sgd", "mse")
    with pytest.raises(NonFiniteError, match=r"Own 'blow'.*in the validation of epoch 1"):
        model.fit(X, Y, validation_data=(X, Y), verbose=0)


def test_evaluation_of_a_frozen_model():
    model = nn.Linear(4, 1).requires_grad_(False)
    model.compile("sgd", "mse")
    with cr.no_grad():
        model.weight.fill_(np.nan)
    with pytest.raises(NonFiniteError, match="in the evaluation"):
        model.evaluate(X, Y)


@pytest.mark.parametrize("way", ["fit", "train_on_batch"])
def test_the_batch_has_not_happened(way):
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU(), Own(cr.log), nn.Linear(8, 1))
    model.compile("adam", "mse")
    before = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    random = default_generator().state.numpy().copy()
    with pytest.raises(NonFiniteError, match="`log`"):
        getattr(model, way)(X, Y, **({"verbose": 0} if way == "fit" else {}))
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), before[name], err_msg=name)
    np.testing.assert_array_equal(default_generator().state.numpy(), random)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(not parameter.node.hooks for parameter in model.parameters())


def test_what_was_learnt_before_stays():
    model = nn.Linear(4, 1)

    class Breaks(cr.training.Callback):
        def on_epoch_begin(self, epoch):
            self.session.optimizer.lr = 0.01 if epoch < 2 else 1e38

    model.compile(cr.optim.SGD(model.parameters(), lr=0.01), "mse")
    best = cr.training.EarlyStopping("loss", patience=9)
    with pytest.raises(NonFiniteError, match="epoch 3"):
        model.fit(X, Y, epochs=5, batch_size=8, callbacks=[Breaks(), best], verbose=0)
    assert best.best_epoch == 1
    assert np.isfinite(model.predict(X)).all()
