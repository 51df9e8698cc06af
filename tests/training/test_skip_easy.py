"""Training that leaves easy rows out."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, FileFormatError
from chainrule.training import Callback, ModelCheckpoint


class Watch(Callback):
    """Keeps how many batches an epoch had, and what was known of each row when it began."""

    def __init__(self):
        self.batches, self.losses = [], []

    def on_epoch_begin(self, epoch):
        self.batches.append(0)
        self.losses.append(self.session.batches.losses.copy())

    def on_train_batch_end(self, batch, logs):
        self.batches[-1] += 1


def model():
    cr.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
    made.compile(cr.optim.Adam(made.parameters(), lr=0.02), nn.CrossEntropyLoss(label_smoothing=0.1), ["accuracy"])
    return made


def rows(n=100):
    x = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    return x, (x[:, 0] > 0) * 2 + (x[:, 1] > 0)


def weights(of):
    return np.concatenate([p.detach().numpy().reshape(-1) for p in of.parameters()])


@pytest.mark.parametrize("jit", [True, False], ids=["program", "reference"])
def test_epochs_after_the_first_have_fewer_batches(jit):
    watch, (x, y) = Watch(), rows()
    history = model().fit(x, y, 8, 3, verbose=0, skip_easy=0.4, callbacks=watch, jit=jit)
    assert watch.batches == [13, 7, 7]
    assert len(history) == 3
    assert np.isinf(watch.losses[0]).all()
    assert np.isfinite(watch.losses[1]).all()


def test_the_losses_are_those_of_the_rows():
    watch, (x, y) = Watch(), rows(64)
    made = model()
    for group in made._compiled.optimizer.param_groups:
        group["lr"] = 0.0
    made.fit(x, y, 8, 2, verbose=0, skip_easy=0.25, callbacks=watch)
    each = nn.CrossEntropyLoss(label_smoothing=0.1, reduction="none")(made(cr.tensor(x)), cr.tensor(y))
    np.testing.assert_allclose(watch.losses[1], each.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_program_leaves_out_what_the_reference_does(accumulate):
    (x, y), found = rows(), []
    for jit in (True, False):
        made = model()
        made._compiled.update.__dict__["accumulate"] = accumulate
        made.fit(x, y, 8, 4, verbose=0, skip_easy=0.4, jit=jit)
        found.append(weights(made))
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-5)


def test_training_goes_on_from_a_checkpoint_with_the_same_bits(tmp_path):
    x, y = rows()
    whole, part, resumed = model(), model(), model()
    whole.fit(x, y, 8, 5, verbose=0, skip_easy=0.3)
    path = tmp_path / "training.safetensors"
    part.fit(x, y, 8, 3, verbose=0, skip_easy=0.3, callbacks=ModelCheckpoint(path))
    with pytest.raises(FileFormatError, match=r"skip_easy 0\.3"):
        resumed.fit(x, y, 8, 5, verbose=0, resume=path)
    resumed.fit(x, y, 8, 5, verbose=0, skip_easy=0.3, resume=path)
    np.testing.assert_array_equal(weights(whole), weights(resumed))


def test_a_loss_of_your_own_does_not_tell_rows_apart():
    made = nn.Sequential(nn.Linear(3, 1))
    made.compile("sgd", lambda prediction, target: ((prediction - target) ** 2).mean())
    x, _ = rows()
    with pytest.raises(ArgumentError, match="skip_easy: which rows are easy is not known"):
        made.fit(x, x[:, :1], verbose=0, skip_easy=0.3)


def test_the_bar_counts_the_batches_that_there_are(capsys):
    x, y = rows()
    model().fit(x, y, 8, 2, skip_easy=0.4)
    said = capsys.readouterr().out
    assert "13 iterations in the first epoch, then 7" in said
    assert "epoch 2/2" in said
