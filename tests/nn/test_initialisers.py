"""Distributions against their formulas, fans of our layouts, seeds, and what cannot be initialised."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import init, nn
from chainrule.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError

LARGE = (200, 5, 5, 8)  # fan_in 200, fan_out 5000


def drawn(fill, shape=LARGE, dtype="float64"):
    return fill(cr.empty(shape, dtype=dtype)).numpy()


@pytest.fixture(autouse=True)
def _seed():
    cr.manual_seed(0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("fill", "bound"),
    [
        (lambda w: init.uniform_(w, -0.3, 0.3), 0.3),
        (init.xavier_uniform_, math.sqrt(6 / 5200)),
        (lambda w: init.xavier_uniform_(w, gain=2.0), 2 * math.sqrt(6 / 5200)),
        (init.kaiming_uniform_, math.sqrt(2) * math.sqrt(3 / 200)),
        (lambda w: init.kaiming_uniform_(w, math.sqrt(5)), 1 / math.sqrt(200)),
        (lambda w: init.kaiming_uniform_(w, 0, "fan_out", "tanh"), 5 / 3 * math.sqrt(3 / 5000)),
        (init.lecun_uniform_, math.sqrt(3 / 200)),
    ],
)
def test_uniform_distributions(fill, bound, dtype):
    values = drawn(fill, dtype=dtype)
    assert values.dtype == dtype
    # 40,000 numbers: the largest is within 1/4000 of the bound, the mean within 5 standard errors of 0.
    assert 0.99975 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
    assert abs(values.mean()) < 5 * bound / math.sqrt(3) / 200
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.015)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("fill", "mean", "std"),
    [
        (init.normal_, 0, 1),
        (lambda w: init.normal_(w, 3.0, 0.5), 3, 0.5),
        (init.xavier_normal_, 0, math.sqrt(2 / 5200)),
        (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), 0, math.sqrt(2 / 200)),
        (lambda w: init.kaiming_normal_(w, 0.2, "fan_out"), 0, math.sqrt(2 / 1.04 / 5000)),
        (init.lecun_normal_, 0, math.sqrt(1 / 200)),
    ],
)
def test_normal_distributions(fill, mean, std, dtype):
    values = drawn(fill, dtype=dtype)
    standard = (values - mean) / std
    assert values.dtype == dtype
    assert abs(standard.mean()) < 5 / 200
    assert standard.std() == pytest.approx(1, rel=0.02)
    # The shares within one, two and three standard deviations.
    for times, share in ((1, 0.6827), (2, 0.9545), (3, 0.9973)):
        assert (np.abs(standard) < times).mean() == pytest.approx(share, abs=0.012)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"), [(0, 1, -2, 2), (0, 1, -0.5, 2), (1, 0.5, 1.2, 9), (0, 1, 2.5, 3), (0, 1, -5.5, -5)]
)
def test_truncated_normal_distributions(mean, std, a, b):
    values = drawn(lambda w: init.trunc_normal_(w, mean, std, a, b))
    assert a <= values.min() < values.max() <= b
    low, high = ((1 + math.erf((x - mean) / std / math.sqrt(2))) / 2 for x in (a, b))
    for share in (0.1, 0.25, 0.5, 0.9):
        # The quantile's own place in the distribution is the share.
        place = (1 + math.erf((np.quantile(values, share) - mean) / std / math.sqrt(2))) / 2
        assert (place - low) / (high - low) == pytest.approx(share, abs=0.012)


def test_truncated_normal_inverts_the_error_function_to_rounding():
    x = np.linspace(-5.5, 5.5, 2001)
    y = np.array([math.erf(value) for value in x])
    inner = np.abs(y) < 1 - 1e-9
    got = nn.initialisers._inverse_erf(cr.tensor(y)).numpy()
    # Far out, y is so near to 1 that it holds fewer digits of x; there, what matters is that erf leads back to y.
    back = np.array([math.erf(value) for value in got])
    np.testing.assert_allclose(back, y, rtol=0, atol=1e-15)
    np.testing.assert_allclose(got[inner & (np.abs(x) < 2)], x[inner & (np.abs(x) < 2)], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5), (6, 3, 3, 2), (40, 2, 2, 3)])
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal_matrices(shape, gain):
    matrix = drawn(lambda w: init.orthogonal_(w, gain), shape).reshape(shape[0], -1)
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, gain**2 * np.eye(len(small)), atol=1e-12)


def test_constants():
    assert drawn(init.zeros_, (2,)).tolist() == [0, 0]
    assert drawn(init.ones_, (2,)).tolist() == [1, 1]
    assert drawn(lambda w: init.constant_(w, 0.3), (2,)).tolist() == [0.3, 0.3]


@pytest.mark.parametrize("shape", [(4, 3, 3, 2), (2, 3, 5, 4), (3, 2, 2, 3), (5, 4, 3)])
def test_dirac_agrees_with_torch(shape):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    out, *kernel, channels = shape
    theirs = torch.nn.init.dirac_(torch.empty(out, channels, *kernel)).movedim(1, -1).numpy()
    np.testing.assert_array_equal(drawn(init.dirac_, shape), theirs)


def test_fans_are_those_of_our_layouts():
    assert init.fans(nn.Linear(3, 5).weight) == (3, 5)
    assert init.fans(nn.Conv1d(4, 6, 7).weight) == (28, 42)
    assert init.fans(nn.Conv2d(4, 6, (3, 2), groups=2).weight) == (12, 36)
    # As in PyTorch: those of the convolution that leads back.
    assert init.fans(nn.ConvTranspose2d(4, 6, (3, 2)).weight) == (36, 24)


def test_fans_agree_with_torch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    fans = torch.nn.init._calculate_fan_in_and_fan_out
    for kind, args in (
        ("Linear", (3, 5)),
        ("Conv1d", (4, 6, 7)),
        ("Conv2d", (4, 6, (3, 2))),
        ("ConvTranspose2d", (4, 6, 3)),
    ):
        assert init.fans(getattr(nn, kind)(*args).weight) == fans(getattr(torch.nn, kind)(*args).weight)
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


ALL = [
    init.uniform_,
    init.normal_,
    init.trunc_normal_,
    init.xavier_uniform_,
    init.xavier_normal_,
    init.kaiming_uniform_,
    init.kaiming_normal_,
    init.lecun_uniform_,
    init.lecun_normal_,
    init.orthogonal_,
]


@pytest.mark.parametrize("fill", ALL)
def test_the_same_seed_gives_the_same_weights(fill):
    generators = [cr.Generator(3), cr.Generator(3), cr.Generator(4)]
    first, again, other = (fill(cr.empty(4, 3), generator=generator).tolist() for generator in generators)
    assert first == again != other
    cr.manual_seed(9)
    first, second = drawn(fill, (4, 3)), drawn(fill, (4, 3))
    cr.manual_seed(9)
    assert (drawn(fill, (4, 3)) == first).all()
    assert (second != first).any()


@pytest.mark.parametrize("fill", ALL)
def test_it_fills_in_place_and_gives_back_the_tensor_itself(fill):
    weight = nn.Parameter(cr.zeros(4, 3))
    assert fill(weight) is weight
    assert weight.requires_grad
    assert weight.is_leaf
    assert (weight != 0).all()


class TestMistakes:
    @pytest.mark.parametrize("shape", [(), (3,), (0, 3), (3, 0)])
    @pytest.mark.parametrize("fill", ALL[3:])
    def test_shapes_without_fans(self, fill, shape):
        with pytest.raises(ShapeError, match="two dimensions"):
            fill(cr.zeros(shape))

    @pytest.mark.parametrize("fill", [*ALL, init.zeros_, init.ones_])
    def test_what_is_no_floating_tensor(self, fill):
        with pytest.raises(DTypeError, match="floating"):
            fill(cr.zeros(2, 2, dtype=cr.int64))
        if fill not in ALL[3:]:
            with pytest.raises(DTypeError, match="ndarray"):
                fill(np.zeros((2, 2)))

    def test_arguments(self):
        w = cr.ones(3, 3)
        for call in (
            lambda: init.uniform_(w, 2, 1),
            lambda: init.normal_(w, 0, -1),
            lambda: init.normal_(w, 0, math.nan),
            lambda: init.trunc_normal_(w, a=1, b=1),
            lambda: init.trunc_normal_(w, 0, 1, 20, 30),
        ):
            with pytest.raises(ArgumentError):
                call()
        assert w.tolist() == [[1.0] * 3] * 3

    def test_names(self):
        with pytest.raises(UnknownNameError, match="did you mean 'relu'"):
            init.kaiming_normal_(cr.zeros(2, 2), nonlinearity="relo")
        with pytest.raises(UnknownNameError, match="did you mean 'fan_in'"):
            init.kaiming_normal_(cr.zeros(2, 2), mode="fanin")
        with pytest.raises(UnknownNameError, match="did you mean 'xavier_uniform'"):
            nn.Linear(2, 2, init="xavier_unifrom")
        with pytest.raises(ArgumentError, match=r"Linear: .*\n.*\n.*\n.*Sequential\(\.\.\., init='auto'\)"):
            nn.Linear(2, 2, init="auto")


class TestLayerDefaults:
    @pytest.mark.parametrize(
        ("layer", "fan_in"),
        [
            (nn.Linear(50, 400), 50),
            (nn.Conv1d(10, 200, 5), 50),
            (nn.Conv2d(8, 200, (3, 2), groups=2), 24),
            (nn.ConvTranspose1d(100, 30, 4, groups=2), 60),
            (nn.ConvTranspose2d(100, 30, 2, groups=2), 60),
        ],
    )
    def test_linear_and_convolutions(self, layer, fan_in):
        bound = 1 / math.sqrt(fan_in)
        for values in (layer.weight.detach().numpy(), layer.bias.detach().numpy()):
            assert np.abs(values).max() <= bound
            assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.25)

    def test_a_name_sets_the_bias_to_0(self):
        layer = nn.Conv2d(8, 200, 5, init="he_normal")
        assert layer.init == "he_normal"
        assert not layer.bias.detach().numpy().any()
        assert layer.weight.detach().numpy().std() == pytest.approx(math.sqrt(2 / 200), rel=0.02)

    def test_embedding(self):
        weight = nn.Embedding(1000, 20, padding_idx=-3).weight.detach().numpy()
        assert not weight[997].any()
        assert weight.std() == pytest.approx(1, rel=0.02)

    def test_a_seed_decides_the_weights_of_a_model(self):
        def weights(seed):
            cr.manual_seed(seed)
            return [p.tolist() for p in nn.Sequential(nn.Linear(3, 4), nn.Conv2d(1, 2, 3)).parameters()]

        assert weights(1) == weights(1) != weights(2)

    def test_in_float64(self):
        for layer in (
            nn.Linear(2, 2, dtype="float64"),
            nn.Conv2d(1, 1, 1, dtype="float64"),
            nn.BatchNorm1d(2, dtype="float64"),
            nn.LayerNorm(2, dtype="float64"),
            nn.GroupNorm(1, 2, dtype="float64"),
            nn.RMSNorm(2, dtype="float64"),
            nn.Embedding(2, 2, dtype="float64"),
        ):
            assert all(p.dtype == cr.float64 for p in layer.parameters())
            with pytest.raises(DTypeError, match=type(layer).__name__):
                type(layer)(*(1, 1, 1)[: 3 if isinstance(layer, nn.Conv2d) else 1], **_second(layer), dtype="int64")


def _second(layer):
    """The second argument of the layers that need two."""
    names = {nn.Linear: "out_features", nn.GroupNorm: "num_channels", nn.Embedding: "embedding_dim"}
    return {names[type(layer)]: 1} if type(layer) in names else {}
