"""Every layer and model runs without numbers, forward and backward, and is left as it was."""

import pytest

import chainrule as cr
from chainrule import models, nn
from chainrule.core.abstract import shapes_only
from chainrule.core.node import Handle, Node
from chainrule.nn.unchanged import unchanged
from tests.oracle.cases_nn_layers import BATCH_NORMS, LAYERS

PICTURES = (4, 16, 16, 3)

EVERY = {
    **{
        name: (lambda layer=layer: getattr(nn, layer.kind)(**layer.args), layer.input) for name, layer in LAYERS.items()
    },
    **{
        name: (lambda layer=layer: getattr(nn, layer.kind)(**layer.args), layer.input)
        for name, layer in BATCH_NORMS.items()
    },
    "dropout": (lambda: nn.Dropout(0.5), (4, 5)),
    "alpha_dropout": (lambda: nn.AlphaDropout(0.5), (4, 5)),
    "flatten": (nn.Flatten, PICTURES),
    "unflatten": (lambda: nn.Unflatten(-1, (3, -1)), (4, 12)),
    **{
        name: (lambda name=name: models.get(name, PICTURES[1:], 10), PICTURES)
        for name in ("cnn", "lenet", "mlp", "resnet")
    },
    "mlp-norm": (lambda: models.MLP(768, [8, 8], 2, activation="selu", dropout=0.1, batch_norm=True), PICTURES),
}


def valueless(shape, dtype=cr.float32):
    return Handle.of(Node(shape, cr.zeros(1, dtype=dtype).dtype, None))


def state_of(model):
    return {
        name: (tensor, tensor.tolist(), tensor.grad)
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]
    }


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", EVERY)
def test_shapes_are_those_of_a_real_run_and_nothing_is_changed(name, training):
    build, shape = EVERY[name]
    model = build().train(training)
    before = state_of(model)
    drawn = cr.rand(1)
    cr.manual_seed(0)
    with shapes_only():
        out = model(valueless(shape))
        if out.requires_grad:
            out.sum().backward()
    assert out.node.value is None
    after = state_of(model)
    assert all(after[key][0] is before[key][0] for key in before)
    assert {key: held[1:] for key, held in after.items()} == {key: held[1:] for key, held in before.items()}
    # The random state has not moved either.
    next_drawn = cr.rand(1)
    cr.manual_seed(0)
    assert next_drawn.tolist() == cr.rand(1).tolist()
    assert drawn.shape == (1,)
    assert model(cr.rand(shape)).shape == out.shape


def test_embedding():
    layer = nn.Embedding(7, 3, padding_idx=0)
    with shapes_only():
        out = layer(valueless((4, 5), cr.int64))
        out.sum().backward()
    assert out.shape == (4, 5, 3)
    assert layer.weight.grad is None


def test_the_running_statistics_move_in_a_real_run():
    # The counterpart of what is checked above.
    layer = nn.BatchNorm1d(3)
    layer(cr.ones(4, 3))
    assert layer.running_mean.tolist() == pytest.approx([0.1] * 3)
    assert layer.num_batches_tracked.item() == 1


def test_attributes_that_forward_assigns_are_put_back():
    class Average(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", cr.zeros(3))
            self.calls = 0
            self.linear = nn.Linear(3, 3)

        def forward(self, x):
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(dim=0)
            self.calls += 1
            self.last = x
            return self.linear(x) - self.mean

    model = Average()
    held = model.mean
    with unchanged(model), shapes_only():
        model(valueless((2, 3)))
        model.eval()
        model.linear.extra = 1
    assert model.mean is held
    assert model.calls == 0
    assert model.training
    assert not hasattr(model, "last")
    assert not hasattr(model.linear, "extra")
    model.summary((3,))
    assert model.mean is held
    assert model(cr.ones(2, 3)).shape == (2, 3)
    assert model.calls == 1
