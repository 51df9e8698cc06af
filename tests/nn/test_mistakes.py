"""What does not fit a layer: the error names the layer, what was expected, what came, and what to do."""

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DTypeError, IndexingError, ShapeError

# The layer, the shape it is given, what the text says was expected, and what to do.
SHAPES = [
    (lambda: nn.Linear(784, 128), (32, 28, 28, 1), "(..., 784)", "put nn.Flatten() before this layer"),
    (lambda: nn.Linear(784, 128), (32, 100), "(..., 784)", "Linear(100, 128)"),
    (lambda: nn.Linear(4, 2), (), "(..., 4)", "last dimension"),
    (lambda: nn.Linear(1, 2), (8,), "(..., 1)", "x.unsqueeze(-1)"),
    (lambda: nn.Conv2d(3, 8, 3), (2, 3, 32, 32), "(N, H, W, 3)", "x.permute(0, 2, 3, 1)"),
    (lambda: nn.Conv2d(1, 8, 3), (60, 28, 28), "(N, H, W, 1)", "x.unsqueeze(-1)"),
    (lambda: nn.Conv2d(3, 8, 3), (28, 28, 3), "(N, H, W, 3)", "x.unsqueeze(0)"),
    (lambda: nn.Conv2d(3, 8, 3), (2, 28, 28, 4), "(N, H, W, 3)", "4 channels"),
    (lambda: nn.Conv2d(3, 8, 3), (2, 784), "(N, H, W, 3)", "reshape"),
    (lambda: nn.Conv2d(3, 8, 5), (2, 3, 3, 3), "at least (5, 5)", "smaller kernel"),
    (lambda: nn.Conv1d(3, 8, 3), (2, 3, 100), "(N, L, 3)", "x.permute(0, 2, 1)"),
    (lambda: nn.ConvTranspose2d(3, 8, 3), (2, 3, 7, 7), "(N, H, W, 3)", "x.permute(0, 2, 3, 1)"),
    (lambda: nn.MaxPool2d(2), (2, 28, 28), "(batch, height, width, channels)", None),
    (lambda: nn.MaxPool2d(4), (2, 3, 3, 1), "at least (4, 4)", None),
    (lambda: nn.AdaptiveAvgPool2d(1), (2, 8, 3), "4 dimensions", None),
    (lambda: nn.Unflatten(1, (3, 4)), (2, 11), "number of elements", None),
    (lambda: nn.BatchNorm1d(4), (8, 5), "(N, 4)", "BatchNorm1d(5)"),
    (lambda: nn.BatchNorm1d(4), (8,), "(N, L, 4)", "reshape"),
    (lambda: nn.BatchNorm2d(4), (8, 4, 5, 5), "(N, H, W, 4)", "x.permute(0, 2, 3, 1)"),
    (lambda: nn.BatchNorm1d(4), (1, 4), "at least two rows", "drop_last"),
    (lambda: nn.BatchNorm2d(4), (1, 1, 1, 4), "at least two rows", "model.eval()"),
    (lambda: nn.LayerNorm((3, 4)), (2, 4, 3), "(..., 3, 4)", "last dimensions"),
    (lambda: nn.LayerNorm((3, 4)), (4,), "(..., 3, 4)", "last dimensions"),
    (lambda: nn.RMSNorm(4), (2, 3), "(..., 4)", "last dimensions"),
    (lambda: nn.GroupNorm(2, 4), (2, 4, 5, 5), "(N, ..., 4)", "x.movedim(1, -1)"),
]


@pytest.mark.parametrize(("build", "shape", "expected", "remedy"), SHAPES)
def test_shapes(build, shape, expected, remedy):
    layer = build()
    model = nn.Sequential({"block": nn.Sequential({"it": layer})})
    with pytest.raises(ShapeError) as raised:
        model(cr.zeros(shape))
    error = raised.value
    assert error.where == f"{type(layer).__name__} 'block.it'"
    assert expected in str(error.expected)
    assert str(error.got)
    assert remedy is None or remedy in error.remedy


def test_the_whole_text():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    with pytest.raises(ShapeError) as raised:
        model(cr.zeros(2, 3, 32, 32))
    assert str(raised.value) == (
        "Conv2d '0': the input must have 4 dimensions, the channels last, and 3 of them.\n"
        "  expected: (N, H, W, 3)\n"
        "  got:      (2, 3, 32, 32)\n"
        "  remedy:   channels come last here: x.permute(0, 2, 3, 1) turns PyTorch's order"
    )


ARGUMENTS = [
    (lambda: nn.Linear(0, 3), "Linear: in_features"),
    (lambda: nn.Linear(3, -1), "Linear: out_features"),
    (lambda: nn.Linear(2.5, 3), "Linear: in_features"),
    (lambda: nn.Linear("784", 3), "Linear: in_features"),
    (lambda: nn.Linear(True, 3), "Linear: in_features"),
    (lambda: nn.Conv2d(3, 8, 0), "kernel_size of Conv2d"),
    (lambda: nn.Conv2d(3, 8, (3, 3, 3)), "kernel_size of Conv2d"),
    (lambda: nn.Conv2d(3, 8, 2.5), "kernel_size of Conv2d"),
    (lambda: nn.Conv2d(3, 8, "3"), "kernel_size of Conv2d"),
    (lambda: nn.Conv2d(3, 8, None), "kernel_size of Conv2d"),
    (lambda: nn.Conv2d(3, 8, 3, stride=0), "stride of Conv2d"),
    (lambda: nn.Conv2d(3, 8, 3, padding=-1), "padding of Conv2d"),
    (lambda: nn.Conv2d(3, 8, 3, padding="full"), "Conv2d: padding"),
    (lambda: nn.Conv2d(3, 8, 3, padding="SAME"), "Conv2d: padding[\\s\\S]*did you mean 'same'"),
    (lambda: nn.Conv2d(3, 8, 3, padding="same", stride=2), "Conv2d: padding"),
    (lambda: nn.Conv2d(3, 8, 3, dilation=0), "dilation of Conv2d"),
    (lambda: nn.Conv2d(3, 8, 3, groups=2), "Conv2d: the channels cannot be divided"),
    (lambda: nn.Conv2d(4, 7, 3, groups=2), "Conv2d: the channels cannot be divided"),
    (lambda: nn.Conv1d(4, 0, 3), "Conv1d: out_channels"),
    (lambda: nn.ConvTranspose2d(3, 8, 3, output_padding=-1), "output_padding of ConvTranspose2d"),
    (lambda: nn.ConvTranspose2d(3, 8, 2, stride=2, output_padding=2), "ConvTranspose2d: output_padding"),
    (lambda: nn.ConvTranspose1d(3, 8, 2, stride=2, output_padding=2), "ConvTranspose1d: output_padding"),
    (lambda: nn.AdaptiveMaxPool1d(0), "output_size of AdaptiveMaxPool1d"),
    (lambda: nn.MaxPool2d(0), "kernel_size of MaxPool2d"),
    (lambda: nn.AvgPool1d(2, stride=-1), "stride of AvgPool1d"),
    (lambda: nn.AdaptiveAvgPool2d(0), "output_size of AdaptiveAvgPool2d"),
    (lambda: nn.BatchNorm1d(0), "BatchNorm1d: num_features"),
    (lambda: nn.BatchNorm1d(3, momentum=1.5), "BatchNorm1d: momentum"),
    (lambda: nn.BatchNorm1d(3, eps=-1), "BatchNorm1d: eps"),
    (lambda: nn.LayerNorm(()), "LayerNorm: normalized_shape"),
    (lambda: nn.LayerNorm((3, 0)), "LayerNorm: normalized_shape"),
    (lambda: nn.GroupNorm(3, 8), "GroupNorm: the channels cannot be divided"),
    (lambda: nn.Embedding(10, 0), "Embedding: embedding_dim"),
    (lambda: nn.Unflatten(1, 4), "Unflatten: unflattened_size"),
    (lambda: nn.Embedding(10, 4, padding_idx=0.5), "Embedding: padding_idx"),
    (lambda: nn.Embedding(10, 4, padding_idx=-11), "Embedding: padding_idx"),
    (lambda: nn.Embedding(10, 4, padding_idx=10), "Embedding: padding_idx"),
]


@pytest.mark.parametrize(("build", "text"), ARGUMENTS)
def test_arguments(build, text):
    with pytest.raises(ArgumentError, match=text):
        build()


def test_padding_beyond_half_of_a_pooling_window():
    with pytest.raises(ArgumentError, match="MaxPool2d"):
        nn.MaxPool2d(2, padding=2)(cr.zeros(1, 4, 4, 1))


@pytest.mark.parametrize("index", [7, -1])
def test_an_index_that_an_embedding_does_not_have(index):
    model = nn.Sequential({"words": nn.Embedding(7, 3)})
    with pytest.raises(IndexingError, match=r"^Embedding 'words': ") as raised:
        model(cr.tensor([[0, index]]))
    assert str(raised.value.expected) == "0 to 6"
    assert raised.value.got == index
    assert "num_embeddings" in raised.value.remedy


def test_an_embedding_of_floats():
    with pytest.raises(DTypeError, match=r"Embedding: .*\n.*integers\n.*float32\n.*x\.long\(\)"):
        nn.Embedding(7, 3)(cr.zeros(2))


def test_what_is_no_tensor():
    with pytest.raises(DTypeError, match=r"(?s)Linear.*chainrule\.tensor"):
        nn.Linear(2, 2)([[1.0, 2.0]])
