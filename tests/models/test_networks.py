import numpy as np
import pytest

import chainrule as cr
from chainrule import models, nn
from chainrule.errors import ArgumentError, ShapeError, UnknownNameError
from chainrule.nn import init

XOR = cr.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), cr.tensor([[0.0], [1.0], [1.0], [0.0]])


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_an_mlp_learns_xor(activation):
    cr.manual_seed(0)
    x, y = XOR
    model = models.MLP(2, 16, 1, activation=activation)
    criterion, optimizer = nn.BCEWithLogitsLoss(), cr.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert (model(x) > 0).tolist() == (y > 0.5).tolist()


def test_a_linear_model_does_not():
    cr.manual_seed(0)
    x, y = XOR
    model = models.MLP(2, [], 1)
    for _ in range(500):
        loss = ((model(x).sigmoid() - y) ** 2).mean()
        model.zero_grad()
        loss.backward()
        with cr.no_grad():
            for parameter in model.parameters():
                parameter.sub_(2.0 * parameter.grad)
    assert loss.item() == pytest.approx(0.25, abs=1e-3)


def test_the_parts_of_an_mlp():
    model = models.MLP(6, [5, 4], 3, activation="selu", dropout=0.1, batch_norm=True)
    assert [name for name, _ in model.named_children()] == [
        "flatten",
        "hidden1",
        "norm1",
        "selu1",
        "dropout1",
        "hidden2",
        "norm2",
        "selu2",
        "dropout2",
        "output",
    ]
    assert isinstance(model.dropout1, nn.AlphaDropout)
    assert model.hidden1.init == model.hidden2.init == "lecun_normal"
    assert model.output.init == "xavier_uniform"
    assert isinstance(models.MLP(6, 5, 3, dropout=0.1).dropout1, nn.Dropout)
    with pytest.raises(UnknownNameError, match="did you mean 'relu'"):
        models.MLP(2, [2], 2, activation="rellu")
    with pytest.raises(ArgumentError, match="Linear"):
        models.MLP(2, [0], 2)
    with pytest.raises(ShapeError, match="Linear 'hidden1'"):
        model(cr.zeros(2, 7))


@pytest.mark.parametrize(
    "name", ["cnn", "lenet", "mlp", "mobilenet", "resnet", "vgg"]
)  # the large ones: tests/nn/test_summary.py
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3)])
def test_every_model_takes_small_pictures(name, shape):
    model = models.get(name, shape, 7)
    assert model.summary(shape).rows[-1].output == "(N, 7)"
    x = cr.rand(3, *shape)
    out = model(x)
    assert out.shape == (3, 7)
    out.sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_every_relu_has_he_before_it():
    for name in ("cnn", "resnet"):
        choices = init.choose(models.get(name, (28, 28, 1), 10))
        assert {choice.follows for choice in choices} == {"ReLU", None}
        # What no activation follows: the last layer, and the shortcuts, which are added to what a ReLU follows.
        assert all("downsample" in c.layer or c.layer in ("output", "fc") for c in choices if c.follows is None)


def test_the_same_seed_gives_the_same_model():
    def weights(seed):
        cr.manual_seed(seed)
        return [p.tolist() for p in models.CNN((8, 8, 1), 10).parameters()]

    assert weights(1) == weights(1) != weights(2)


def test_training_starts_where_nothing_is_known_however_large_the_pictures():
    """The first steps of Adam once threw the scores of large pictures far off: a loss of 13 after the first."""
    x = np.random.default_rng(0).normal(size=(32, 49, 64, 3)).cumsum(1).astype(np.float32) / 5
    y = np.arange(32) % 2
    model = models.CNN((49, 64, 3), 2)
    model.compile("adam", nn.CrossEntropyLoss())
    losses = model.fit(x, y, batch_size=None, epochs=4, verbose=0)["loss"]
    assert losses[0] == pytest.approx(np.log(2))
    assert max(losses) < 1


def test_large_pictures_are_halved_more_often():
    sides = {8: 2, 28: 2, 32: 3, 64: 4, 224: 5}
    for side, convolutions in sides.items():
        names = dict(models.CNN((side, side, 1), 2).named_children())
        assert sum(name.startswith("conv") for name in names) == convolutions


def test_large_pictures_go_through_the_papers_stem():
    large = models.ResNet((65, 65, 3), 2, blocks=(1,), widths=(8,))
    small = models.ResNet((64, 64, 3), 2, blocks=(1,), widths=(8,))
    assert large.conv1.kernel_size == (7, 7)
    assert large.summary((65, 65, 3)).rows[3].output == "(N, 17, 17, 8)"
    assert small.conv1.kernel_size == (3, 3)
    assert not hasattr(small, "maxpool")


def test_lenets_of_the_papers_pictures_and_of_mnists_are_the_same_size():
    assert models.LeNet5((32, 32, 1)).summary((32, 32, 1)).parameters == 61_706
    assert models.LeNet5((28, 28, 1)).summary((28, 28, 1)).parameters == 61_706


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: models.get("cnn", (28, 28), 10), r"\(height, width, 1\)"),
        (lambda: models.get("cnn", (30,), 2), "MLP"),
        (lambda: models.get("lenet", (3, 8, 1), 10), "at least 4 by 4"),
        (lambda: models.CNN((8, 8, 1), 10, widths=(8, 8, 8, 8)), "at least 16 by 16"),
        (lambda: models.get("resnet", (8, 0, 1), 10), "pictures"),
    ],
)
def test_shapes_that_are_no_pictures(build, text):
    with pytest.raises(ShapeError, match=text):
        build()


def test_mistakes():
    with pytest.raises(UnknownNameError, match="did you mean 'resnet18'"):
        models.get("resnet-18", (8, 8, 1), 10)
    with pytest.raises(UnknownNameError, match="None"):
        models.get(None, (8, 8, 1), 10)
    with pytest.raises(ShapeError, match="pictures"):
        models.get("cnn", 28, 10)
    assert models.get("mlp", 28, 10).summary(28).rows[-1].output == "(N, 10)"
    with pytest.raises(ArgumentError, match="every stage"):
        models.ResNet((8, 8, 1), 10, blocks=(2, 2), widths=(8,))
    with pytest.raises(ArgumentError, match="out_features"):
        models.get("mlp", (4,), 0)
