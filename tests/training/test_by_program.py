"""Training by compiled programs: the same results as by the reference interpreter, whatever is asked of it."""

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data import Batches
from chainrule.errors import IndexingError, NonFiniteError
from chainrule.training.by_program import windows

ROWS = 67


def data(classes=3):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(ROWS, 5)).astype(np.float32)
    return x, (x[:, 0] + x[:, 1] > 0).astype(np.int64) + (x[:, 2] > 0.5)


def network(**settings):
    cr.manual_seed(0)
    # No bias before the normalisation: its gradient is nothing but rounding, of which Adam makes steps of full size.
    model = nn.Sequential(nn.Linear(5, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
    adam = cr.optim.Adam(model.parameters(), lr=0.02)
    model.compile(adam, "sparse_categorical_crossentropy", ["accuracy"], **settings)
    return model


def trained(jit, model=None, **settings):
    model = model or network()
    x, y = data()
    history = model.fit(x, y, batch_size=16, epochs=3, verbose=0, jit=jit, **settings)
    return model, history


def assert_close(ours, theirs):
    (model, history), (other, expected) = ours, theirs
    assert history.history.keys() == expected.history.keys()
    for name, values in expected.history.items():
        np.testing.assert_allclose(history[name], values, rtol=2e-4, atol=1e-5, err_msg=name)
    for (name, tensor), (_, wanted) in zip(model.state_dict().items(), other.state_dict().items(), strict=True):
        np.testing.assert_allclose(tensor.numpy(), wanted.numpy(), rtol=2e-3, atol=2e-4, err_msg=name)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"shuffle": False, "drop_last": True},
        {"validation_split": 0.2},
        {"class_weight": "balanced"},
        {"sample_weight": np.linspace(0.5, 2, ROWS)},
    ],
)
def test_it_trains_as_the_reference_does(settings):
    assert_close(trained(True, **settings), trained(False, **settings))


@pytest.mark.parametrize("settings", [{"accumulate": 3}, {"accumulate": 3, "clip_norm": 0.1}, {"clip_value": 0.01}])
def test_updates_are_those_of_the_reference(settings):
    assert_close(trained(True, network(**settings)), trained(False, network(**settings)))


def test_targets_that_do_not_count():
    x, y = data()
    y[::4] = -100
    found = []
    for jit in (True, False):
        model = network(accumulate=2)
        found.append((model, model.fit(x, y, batch_size=16, epochs=2, verbose=0, jit=jit)))
    assert_close(*found)


def test_one_program_a_batch_shape(monkeypatch, capsys):
    monkeypatch.setenv("CHAINRULE_LOG", "retrace")
    model, _ = trained(True)
    model.fit(*data(), batch_size=16, epochs=3, verbose=0)
    # 67 rows are four batches of 16, and one of 3.
    reasons = [line for line in capsys.readouterr().err.splitlines() if line.startswith("training_step")]
    assert len(reasons) == 1
    assert "has shape (3,), was (16,)" in reasons[0]


def test_who_wants_to_hear_of_each_batch_does():
    class Each(cr.training.Callback):
        def __init__(self):
            self.heard = []

        def on_train_batch_end(self, batch, logs):
            self.heard.append((batch, self.session.stepped))

    each = Each()
    compared = trained(True, network(accumulate=2), callbacks=[each])
    assert each.heard == [(0, False), (1, True), (2, False), (3, True), (4, True)] * 3
    assert_close(compared, trained(False, network(accumulate=2)))


def test_a_schedule_by_the_batch_changes_no_program(monkeypatch, capsys):
    monkeypatch.setenv("CHAINRULE_LOG", "retrace")
    found = []
    for jit in (True, False):
        model = network()
        schedule = cr.optim.lr_scheduler.ExponentialLR(model._compiled.optimizer, gamma=0.9)
        callback = cr.training.LearningRateScheduler(schedule, every="batch")
        found.append(trained(jit, model, callbacks=[callback]))
    assert_close(*found)
    assert capsys.readouterr().err.count("retraced") == 1


def test_a_model_that_asks_for_values_is_trained_all_the_same(capsys):
    class Asking(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(5, 3)

        def forward(self, x):
            return self.inner(x) * (2.0 if x.sum().item() > -1e9 else 1.0)

    x, y = data()
    weights = []
    for jit in (True, False):
        cr.manual_seed(0)
        model = Asking()
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=2, verbose=2, jit=jit)
        weights.append(model.inner.weight.detach().numpy())
        np.testing.assert_array_equal(model.predict(x), model.predict(x, jit=False))
        assert model.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0, jit=False)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not compiled")]
    assert len(said) == 1
    assert "test_by_program.py" in said[0]
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize("at", [0, 3, 10])
def test_what_is_not_finite_is_found_and_named(at):
    class Breaking(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(5, 8), nn.Linear(8, 3)

        def forward(self, x):
            return self.second(self.first(x).log1p())

    x, y = data()
    x = np.abs(x)
    x[at * 4] = -1e3
    cr.manual_seed(0)
    model = Breaking()
    with cr.no_grad():
        model.first.weight.copy_(model.first.weight.abs())
    model.compile(cr.optim.SGD(model.parameters(), lr=1e-4), "sparse_categorical_crossentropy")
    with pytest.raises(NonFiniteError, match=rf"epoch 1, batch {at + 1}\b"):
        model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    # The model is as it was before that batch, and can be trained on.
    assert all(np.isfinite(tensor.numpy()).all() for tensor in model.state_dict().values())
    model.fit(np.abs(x) / 1e3, y, verbose=0)


def test_what_breaks_in_a_later_epoch_is_met_in_the_state_that_it_broke_in():
    class Breaking(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.2), nn.Linear(8, 3))
            self.register_buffer("batches", cr.tensor(0.0))

        def forward(self, x):
            self.batches.add_(1)
            return self.inner(x * cr.where(self.batches < 14, 1.0, float("inf")))

    left = []
    for jit in (True, False):
        cr.manual_seed(0)
        model = Breaking()
        model.compile(cr.optim.Adam(model.parameters(), lr=0.02), "sparse_categorical_crossentropy")
        x, y = data()
        with pytest.raises(NonFiniteError, match=r"epoch 3, batch 4\b"):
            model.fit(x, y, batch_size=16, epochs=5, verbose=0, jit=jit)
        remembered = [t for state in model._compiled.optimizer.state.values() for t in state.values()]
        tensors = [*model.state_dict().values(), *remembered, cr.rand(3)]
        left.append([tensor.detach().numpy() for tensor in tensors])
    for ours, expected in zip(*left, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-3, atol=2e-4)
    assert model.batches.item() == 13


def test_an_index_out_of_range_is_named_by_its_layer():
    model = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(8, 2))
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.arange(40).reshape(20, 2) % 10, np.arange(20) % 2
    model.fit(x, y, verbose=0)
    x[17, 1] = 12
    with pytest.raises(IndexingError, match="Embedding '0'") as caught:
        model.fit(x, y, batch_size=4, verbose=0, shuffle=False)
    assert (caught.value.expected, caught.value.got) == ("0 to 9", 12)


def test_copies_of_a_model_have_programs_of_their_own():
    model, _ = trained(True)
    other = copy.deepcopy(model)
    before = model.state_dict()["0.weight"].numpy().copy()
    other.fit(*data(), verbose=0)
    np.testing.assert_array_equal(model.state_dict()["0.weight"].numpy(), before)
    assert not np.array_equal(other.state_dict()["0.weight"].numpy(), before)


def test_interrupting_leaves_a_model_that_can_be_used():
    class Interrupt(cr.training.Callback):
        def on_train_batch_end(self, batch, logs):
            if batch == 2:
                raise KeyboardInterrupt

    model = network()
    with pytest.raises(KeyboardInterrupt):
        trained(True, model, callbacks=[Interrupt()])
    assert np.isfinite(model.predict(data()[0])).all()
    trained(True, model)


@pytest.mark.parametrize("accumulate", [1, 2, 5])
@pytest.mark.parametrize("drop_last", [True, False])
def test_windows_are_the_batches(accumulate, drop_last):
    batches = Batches([np.arange(23)], 4, seed=1, drop_last=drop_last)
    found = []
    for group in windows(batches, 2, accumulate):
        for window in range(len(group[0])):
            found += [each[window].tolist() for each in group]
    assert found == [rows.tolist() for rows in batches.rows(2)]
