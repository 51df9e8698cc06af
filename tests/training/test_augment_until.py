"""Augmentation that ends, or changes, before training ends."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import augment, nn
from chainrule.errors import ArgumentError
from chainrule.training import AugmentUntil, Callback


class Doubled(augment.Augmentation):
    """Seen from the loss: 4 where it works, 1 where it does not."""

    def changed(self, pictures):
        return pictures * 2


def still(*layers):
    """A model that learns next to nothing: the first layers, then the sum of the pixels."""
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1, 1, bias=False))
    nn.init.constant_(model[-1].weight, 1.0)
    model.compile(cr.optim.SGD(model.parameters(), lr=1e-9), "mse")
    return model


ROWS = np.ones((8, 1, 1, 1), np.float32), np.zeros((8, 1), np.float32)


@pytest.mark.parametrize("jit", [True, False])
@pytest.mark.parametrize(
    ("share", "losses"), [(0.75, [4, 4, 4, 1]), (0.7, [4, 4, 4, 1]), (0.2, [4, 1, 1, 1]), (1, [4, 4, 4, 4])]
)
def test_epochs_that_begin_after_the_share_see_rows_as_they_are(share, losses, jit):
    model = still(nn.Sequential(Doubled()))
    history = model.fit(
        *ROWS, 4, 4, verbose=0, callbacks=AugmentUntil(share), validation_data=ROWS, jit=jit, shuffle=False
    )
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(history["val_loss"], 1, rtol=1e-5)
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize("jit", [True, False])
def test_others_take_their_place(jit):
    later = nn.Sequential(Doubled(), Doubled())
    model = still(nn.Sequential(Doubled()), later)
    history = model.fit(*ROWS, 4, 3, verbose=0, callbacks=AugmentUntil(0.5, [later]), jit=jit)
    np.testing.assert_allclose(history["loss"], [4, 4, 16], rtol=1e-5)
    # A second training begins anew.
    again = model.fit(*ROWS, 4, 1, verbose=0, callbacks=AugmentUntil(0.5, [later]), jit=jit)
    np.testing.assert_allclose(again["loss"], 4, rtol=1e-5)


def test_the_share_may_be_told():
    model, told = still(Doubled()), iter([0.0, 0.9])
    history = model.fit(*ROWS, 4, 2, verbose=0, callbacks=AugmentUntil(0.9, done=lambda: next(told)))
    np.testing.assert_allclose(history["loss"], [4, 1], rtol=1e-5)


def test_what_is_mixed_no_longer_has_its_own_labels():
    x = np.random.default_rng(0).normal(size=(8, 1, 1, 1)).astype(np.float32)
    y = (x[:, 0, 0] > 0).astype(np.float32)
    mixing, plain = still(augment.MixUp(1.0)), still()
    history = mixing.fit(x, y, 8, 2, verbose=0, callbacks=AugmentUntil(0.5), shuffle=False)
    assert abs(history["loss"][0] - history["loss"][1]) > 1e-3
    np.testing.assert_allclose(history["loss"][1], plain.fit(x, y, 8, 1, verbose=0)["loss"][0], atol=1e-6)


def test_a_callback_may_have_layers_not_train():
    class Frozen(Callback):
        def on_epoch_begin(self, epoch):
            self.session.model[0].eval()

    model = still(Doubled())
    np.testing.assert_allclose(model.fit(*ROWS, 4, 1, verbose=0, callbacks=Frozen())["loss"], 1, rtol=1e-5)


@pytest.mark.parametrize("share", [0, 1.5, -0.5, "most", float("nan")])
def test_what_is_no_share(share):
    with pytest.raises(ArgumentError, match="share"):
        AugmentUntil(share)
