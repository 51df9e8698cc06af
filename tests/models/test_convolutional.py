"""The models of pictures, in tiny sizes: what they are made of, and that they learn the same compiled and in NumPy."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import models, nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.models.mobilenet import Row

ROWS = (Row(3, 8, 8, 4, nn.ReLU, 2), Row(5, 12, 8, 0, nn.Hardswish, 1))
TINY = {
    "vgg": lambda shape: models.VGG(shape, 3, stages=((4, 4), (6,)), hidden=(6,), grid=2),
    "resnet": lambda shape: models.ResNet(shape, 3, (1, 1), (4, 6), models.Bottleneck),
    "airbench": lambda shape: models.Airbench(shape, 3, widths=(4, 6)),
    "mobilenet": lambda shape: models.MobileNetV3(shape, 3, rows=ROWS, hidden=6),
}


def learned(name, shape, jit):
    """A model after two steps, what it then answers, and the losses."""
    cr.manual_seed(3)
    model = TINY[name](shape).double()
    x, y = np.random.default_rng(0).normal(size=(8, *shape)), np.arange(8) % 3
    if name == "airbench":
        model.whiten(x)
    model.compile(cr.optim.SGD(model.parameters(), lr=0.05, momentum=0.9), "sparse_categorical_crossentropy")
    history = model.fit(x, y, batch_size=4, epochs=1, verbose=0, jit=jit)
    state = {key: value.numpy() for key, value in model.state_dict().items()}
    return state | {"loss": history["loss"], "answers": model.predict(x, jit=jit)}


@pytest.mark.parametrize("name", TINY)
def test_two_steps_compiled_are_those_in_numpy(name):
    compiled, reference = (learned(name, (9, 10, 3), jit) for jit in (True, False))
    assert np.isfinite(reference["answers"]).all()
    for key, expected in reference.items():
        np.testing.assert_allclose(compiled[key], expected, rtol=1e-7, atol=1e-9, err_msg=key)


def test_mobilenet_lets_small_pictures_keep_their_size_at_first():
    small, large = (models.MobileNetV3(shape, 3, rows=ROWS, hidden=6) for shape in ((64, 64, 3), (65, 64, 3)))
    assert small.features(cr.zeros(2, 64, 64, 3)).shape == (2, 64, 64, 48)
    assert large.features(cr.zeros(2, 65, 64, 3)).shape == (2, 17, 16, 48)


def test_airbench_is_as_large_as_published_and_a_convolution():
    third = 256 * 256 * 9 + 2 * 256
    assert models.Airbench((32, 32, 3), 10).summary().parameters == 1_972_792 + third  # 1.97 million


def test_whitened_windows_are_uncorrelated():
    cr.manual_seed(0)
    model = models.Airbench((16, 16, 2), 3, widths=(4, 4))
    smooth = np.random.default_rng(0).normal(size=(60, 16, 16, 2)).cumsum(axis=1).astype(np.float32)
    model.whiten(smooth)
    inside = model.whitening(cr.tensor(smooth))[:, :-1, :-1]  # without the windows that reach into the padding
    out = (inside - model.whitening.bias).detach().numpy().reshape(-1, 16)
    np.testing.assert_allclose(out[:, :8], -out[:, 8:], atol=1e-4)
    np.testing.assert_allclose(out[:, :8].T @ out[:, :8] / len(out), np.eye(8), atol=0.02)
    with pytest.raises(ShapeError, match=r"\(N, H, W, 2\)"):
        model.whiten(smooth[..., :1])


def test_what_airbench_keeps_is_frozen_and_what_it_starts_from_hands_channels_on():
    group = models.Airbench((8, 8, 3), 3, widths=(32, 32)).group1
    frozen = {name for name, weight in group.named_parameters() if not weight.requires_grad}
    assert frozen == {"norm1.weight", "norm2.weight"}
    x = cr.rand(1, 6, 6, 24)
    assert (group.conv1(x)[..., :24] == x).all()


def test_the_last_group_of_airbench_has_a_shortcut():
    group = models.Airbench((8, 8, 3), 3, widths=(4, 6)).group2.eval()
    with cr.no_grad():
        group.conv3.weight.zero_()
    x = cr.rand(2, 4, 4, 4)
    first = group.gelu1(group.norm1(group.pool(group.conv1(x))))
    assert cr.allclose(group(x), nn.functional.gelu(first))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: models.get("vgg", (7, 32, 3), 10), "VGG.*\n.*at least 8 by 8 pixels\n.*7 by 32"),
        (lambda: models.get("airbench", (7, 8, 1), 10), "Airbench.*\n.*at least 8 by 8 pixels\n.*7 by 8"),
        (lambda: models.get("mobilenet", (8, 8), 10), r"MobileNetV3.*\n.*\(height, width, channels\)"),
        (lambda: models.get("airbench", (32, 32, 3), 10)(cr.zeros(2, 16, 16, 3)), "MaxPool2d 'pool'"),
        (lambda: models.get("vgg", (32, 32, 3), 10)(cr.zeros(2, 7, 7, 3)), "MaxPool2d 'features.20'"),
        (lambda: models.get("mobilenet", (32, 32, 3), 10)(cr.zeros(2, 32, 32, 1)), r"Conv2d 'features.0.0'.*\n.*3\)"),
    ],
)
def test_pictures_that_do_not_fit(build, text):
    with pytest.raises(ShapeError, match=text):
        build()


def test_stages_without_convolutions():
    with pytest.raises(ArgumentError, match="VGG"):
        models.VGG((32, 32, 3), 10, stages=((8,), ()))
