"""Mixed pictures, and the loss and the metrics of what has been mixed."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import augment, nn

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("alpha", [0.001, 0.2, 1.0, 3.0])
def test_the_share_comes_from_the_beta_distribution(alpha):
    from chainrule.augment.mixing import beta

    cr.manual_seed(0)
    draw = cr.jit(lambda: beta(alpha))
    drawn = np.array([draw().item() for _ in range(4000)])
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)
    assert drawn.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.05)
    expected = np.random.default_rng(1).beta(alpha, alpha, 4000)
    for quantile in (0.05, 0.25, 0.75, 0.95):
        assert np.quantile(drawn, quantile) == pytest.approx(np.quantile(expected, quantile), abs=0.03)


def test_mixup_is_a_weighed_sum_with_the_picture_before():
    mix, x = augment.MixUp(1.0), RNG.random((6, 4, 4, 3))
    for seed in range(20):
        cr.manual_seed(seed)
        y, share = mix(cr.tensor(x)).numpy(), mix.share.item()
        assert 0.5 <= share <= 1
        np.testing.assert_allclose(y, share * x + (1 - share) * np.roll(x, 1, 0), rtol=1e-6)


def test_cutmix_puts_a_rectangle_in_and_knows_its_share():
    mix, x = augment.CutMix(), RNG.integers(0, 256, (5, 9, 16, 3), np.uint8)
    sizes = set()
    for seed in range(40):
        cr.manual_seed(seed)
        y, share = mix(cr.tensor(x)).numpy(), mix.share.item()
        own, other = (y == x).all(-1), (y == np.roll(x, 1, 0)).all(-1)
        assert (own | other).all()
        replaced = other.all(0) & ~own.all(0)
        assert share == pytest.approx(1 - replaced.mean())
        assert share >= 0.5
        rows, columns = np.flatnonzero(replaced.any(1)), np.flatnonzero(replaced.any(0))
        assert replaced.sum() == len(rows) * len(columns)
        sizes.add((len(rows), len(columns)))
    assert len(sizes) > 10


@pytest.mark.parametrize("kind", [augment.MixUp, augment.CutMix])
def test_the_loss_is_that_of_mixed_targets(kind):
    mix, scores, y = kind(1.0), RNG.normal(size=(6, 4)), RNG.integers(0, 4, 6)
    mix(cr.zeros(6, 8, 8, 1))
    share, hot = mix.share.item(), np.eye(4)[y]
    targets = share * hot + (1 - share) * np.roll(hot, 1, 0)
    found = mix.loss(nn.CrossEntropyLoss())(cr.tensor(scores), cr.tensor(y))
    expected = nn.CrossEntropyLoss()(cr.tensor(scores), cr.tensor(targets))
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def test_two_mixings_are_mixed_twice():
    model = nn.Sequential(augment.MixUp(1.0), augment.CutMix(1.0))
    scores, y = RNG.normal(size=(6, 4)), RNG.integers(0, 4, 6)
    model(cr.zeros(6, 8, 8, 1))
    targets = np.eye(4)[y]
    for mix in model:
        targets = mix.share.item() * targets + (1 - mix.share.item()) * np.roll(targets, 1, 0)
    found = augment.mixed_loss(model, nn.CrossEntropyLoss())(cr.tensor(scores), cr.tensor(y))
    expected = nn.CrossEntropyLoss()(cr.tensor(scores), cr.tensor(targets))
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def network(*layers):
    cr.manual_seed(1)
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(48, 3))
    model.compile(cr.optim.SGD(model.parameters(), lr=0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_fit_mixes_the_loss_and_measures_by_each_own_target():
    x, y = RNG.random((12, 4, 4, 3)).astype(np.float32), RNG.integers(0, 3, 12)
    model = network(augment.MixUp(1.0))
    history = model.fit(x, y, batch_size=12, shuffle=False, verbose=0)
    share = model[0].share.item()
    reference = network()
    scores = reference(cr.tensor(share * x + (1 - share) * np.roll(x, 1, 0)))
    loss = nn.CrossEntropyLoss()
    expected = share * loss(scores, cr.tensor(y)) + (1 - share) * loss(scores, cr.tensor(np.roll(y, 1)))
    assert history.history["loss"][0] == pytest.approx(expected.item(), rel=1e-5)
    assert history.history["accuracy"][0] == pytest.approx(np.mean(scores.detach().numpy().argmax(1) == y))


def test_rows_keep_their_weights():
    x, y = np.zeros((2, 4, 4, 3), np.float32), np.array([0, 1])
    model = network(augment.MixUp(1.0))
    with cr.no_grad():
        model[-1].bias.copy_(cr.tensor([1.0, 0.0, 0.0]))
    loss = model.train_on_batch(x, y, sample_weight=[1.0, 0.0])[0]
    each = -np.log(np.exp([1.0, 0.0]) / (np.e + 2))
    # Each row's loss for the one target that counts, by how much of the row has it: all in all once.
    assert loss == pytest.approx(each[0] / 2, rel=1e-5)


@pytest.mark.parametrize("layer", [augment.CutMix(), augment.RandomCrop(padding=1)], ids=["cutmix", "crop"])
def test_fit_is_the_same_compiled_and_by_reference(layer):
    x, y = RNG.random((20, 4, 4, 3)).astype(np.float32), RNG.integers(0, 3, 20)
    found = []
    for jit in (True, False):
        model = network(augment.RandomHorizontalFlip(), layer)
        cr.manual_seed(5)
        history = model.fit(x, y, batch_size=8, epochs=2, verbose=0, validation_data=(x, y), jit=jit).history
        found.append([history[name] for name in ("loss", "val_loss")])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


@pytest.mark.parametrize("kind", [augment.MixUp, augment.CutMix])
def test_in_evaluation_the_loss_is_the_loss_itself(kind):
    mix, loss = kind(1.0), nn.CrossEntropyLoss()
    mix(cr.rand(4, 8, 8, 1))  # leaves its share behind
    output, target = cr.randn(4, 3), cr.tensor([0, 1, 2, 0])
    assert mix.loss(loss)(output, target).item() != loss(output, target).item()
    assert mix.eval().loss(loss)(output, target).item() == loss(output, target).item()
