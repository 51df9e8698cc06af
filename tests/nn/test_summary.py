"""Counts against numbers worked out by hand."""

import pytest

import chainrule as cr
from chainrule import models, nn
from chainrule.errors import DTypeError, ShapeError


def test_a_perceptron_of_three_layers():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.Sigmoid(), nn.Linear(128, 10))
    summary = model.summary((28, 28, 1))
    assert [tuple(row) for row in summary.rows] == [
        ("0", "Flatten", "(N, 784)", 0, 0),
        # 784 products and sums for each of 128 units, and their biases.
        ("1", "Linear", "(N, 128)", 784 * 128 + 128, 2 * 784 * 128 + 128),
        ("2", "Sigmoid", "(N, 128)", 0, 128),
        ("3", "Linear", "(N, 10)", 128 * 10 + 10, 2 * 128 * 10 + 10),
    ]
    assert summary.parameters == summary.trainable == 101_770
    assert summary.frozen == 0
    assert summary.flops == 200_832 + 128 + 2_570
    assert summary.weight_bytes == 4 * 101_770


def test_it_prints_as_a_table():
    model = nn.Sequential({"conv": nn.Conv2d(1, 6, 5, padding=2), "norm": nn.BatchNorm2d(6)})
    model.conv.requires_grad_(False)
    summary = model.summary((28, 28, 1))
    assert str(summary) == repr(summary)
    assert str(summary).splitlines() == [
        "Sequential for rows of (28, 28, 1)",
        "layer  kind         output          parameters  FLOPs a row",
        "conv   Conv2d       (N, 28, 28, 6)         156      239,904",
        "norm   BatchNorm2d  (N, 28, 28, 6)          12       18,816",
        # 168 weights, 12 running statistics, one count of 8 bytes.
        "168 parameters (12 trained, 156 frozen), 728 B; 258,720 FLOPs a row forward",
    ]


def test_convolutions_pools_and_groups():
    model = nn.Sequential(
        nn.Conv2d(4, 8, 3, groups=2, bias=False),
        nn.ConvTranspose2d(8, 2, 2, stride=2, bias=False),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
    )
    conv, back, pool, whole = model.summary((6, 6, 4)).rows
    assert (conv.output, conv.parameters, conv.flops) == ("(N, 4, 4, 8)", 8 * 9 * 2, 2 * 8 * 16 * 9 * 2)
    assert (back.output, back.parameters, back.flops) == ("(N, 8, 8, 2)", 8 * 4 * 2, 2 * 8 * 16 * 4 * 2)
    assert (pool.output, whole.output) == ("(N, 4, 4, 2)", "(N, 1, 1, 2)")


@pytest.mark.parametrize(
    ("build", "parameters", "multiplications"),
    [(models.resnet18, 11_689_512, 1.814e9), (models.resnet34, 21_797_672, 3.664e9)],
)
def test_published_counts_of_resnet(build, parameters, multiplications):
    summary = build().summary((224, 224, 3))
    assert summary.parameters == sum(row.parameters for row in summary.rows) == parameters
    assert summary.rows[-1].output == "(N, 1000)"
    products = sum(row.flops for row in summary.rows if row.kind in ("Conv2d", "Linear")) / 2
    assert products == pytest.approx(multiplications, rel=1e-3)


def test_published_count_of_lenet():
    assert models.LeNet5().summary((28, 28, 1)).parameters == 61_706


def test_an_example_a_shape_and_several_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.numbers = nn.Embedding(10, 4), nn.Linear(3, 4)

        def forward(self, index, x):
            both = self.words(index).sum(dim=1) + self.numbers(x)
            return {"sum": both, "pair": (both, both.flatten())}

    example = [cr.zeros(8, 5, dtype=cr.int64), cr.zeros(8, 3)]
    summary = Two().summary(example)
    assert [row.output for row in summary.rows] == ["sum: (N, 4), pair: (N, 4), (4N,)", "(N, 5, 4)", "(N, 4)"]
    assert summary.rows[0].kind == "Two"
    # 5 × 4 sums of the words, 4 of both.
    assert summary.rows[0].flops == 5 * 4 + 4
    linear = nn.Linear(3, 2)
    shapes = [linear.summary(given).rows[0].output for given in ((3,), 3, [3], (None, 3), cr.zeros(7, 3))]
    assert shapes == ["(N, 2)"] * 5
    assert nn.Embedding(10, 4).summary((6,), dtype=cr.int64).rows[0].output == "(N, 6, 4)"
    assert linear.double().summary((3,)).weight_bytes == 8 * 8


def test_without_an_input_it_counts_weights_only():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    assert str(model.summary()) == (
        "Sequential\n"
        "layer  kind    parameters\n"
        "0      Linear          40\n"
        "1      ReLU             0\n"
        "40 parameters (40 trained, 0 frozen), 160 B; shapes and FLOPs: summary(shape of one row)"
    )


def test_shared_and_unused_layers_are_counted_once():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Linear(4, 4, bias=False)
            self.two = nn.Linear(4, 4, bias=False)
            self.two.weight = self.one.weight
            self.unused = nn.Linear(4, 1, bias=False)

        def forward(self, x):
            return self.two(self.one(self.one(x)))

    summary = Odd().summary((4,))
    assert [(row.name, row.output, row.parameters, row.flops) for row in summary.rows] == [
        ("one", "(N, 4)", 16, 64),
        ("two", "(N, 4)", 0, 32),
        ("unused", None, 4, 0),
    ]
    assert "not called" in str(summary)
    assert summary.parameters == 20


def test_the_model_is_as_it_was():
    model = models.CNN((8, 8, 1), 10)
    said = []
    model.conv1.register_forward_hook(lambda *_: said.append(1))
    before = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
    model.summary((8, 8, 1))
    assert {name: tensor.tolist() for name, tensor in model.state_dict().items()} == before
    assert all(module.training for module in model.modules())
    assert len(model.conv1._forward_hooks) == 1
    assert not model.conv1._forward_pre_hooks
    assert model(cr.zeros(2, 8, 8, 1)).shape == (2, 10)


def test_a_shape_that_does_not_fit_names_the_layer():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with pytest.raises(ShapeError, match=r"^Linear '1'") as raised:
        model.summary((1, 28, 27))
    assert "without the batch" in raised.value.remedy
    assert not model[1]._forward_hooks
    for wrong in ((28, -1), "28", (2.5,), cr.tensor(1.0)):
        with pytest.raises(ShapeError, match="summary"):
            model.summary(wrong)
    with pytest.raises(DTypeError, match="Embedding"):
        nn.Embedding(10, 4).summary((6,))
