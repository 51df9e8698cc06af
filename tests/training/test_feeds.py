"""Training on pictures that are decoded ahead of each step gives what training on the decoded pictures gives."""

import numpy as np
import pytest
from PIL import Image

import chainrule as cr
from chainrule import errors, nn
from chainrule.data import PictureFiles
from chainrule.training import ModelCheckpoint

ROWS = 50


@pytest.fixture
def data(tmp_path, monkeypatch):
    # Room for two batches of pictures, so that an epoch takes several calls.
    monkeypatch.setattr("chainrule.training.feeds._ROOM", 20 * 48)
    array = np.random.default_rng(0).integers(0, 256, (ROWS, 4, 4, 3), dtype=np.uint8)
    for number, each in enumerate(array):
        Image.fromarray(each).save(tmp_path / f"{number}.png")
    return PictureFiles([tmp_path / f"{number}.png" for number in range(ROWS)], (4, 4, 3)), array, np.arange(ROWS) % 2


class Bytes(nn.Module):
    def forward(self, x):
        return x.float() / 255 - 0.5


def trained(x, y, epochs=3, **options):
    cr.manual_seed(0)
    model = nn.Sequential(Bytes(), nn.Flatten(), nn.Linear(48, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    model.compile("adam", nn.CrossEntropyLoss(), metrics=["accuracy"], accumulate=options.pop("accumulate", 1))
    history = model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, **options)
    return model, history


@pytest.mark.parametrize(
    "options", [{}, {"accumulate": 2}, {"validation_split": 0.2}, {"jit": False}, {"shuffle": False}]
)
def test_the_same_bits_as_in_memory(data, options):
    files, array, y = data
    (streamed, history), (whole, expected) = trained(files, y, **options), trained(array, y, **options)
    assert history.history == expected.history
    for one, other in zip(streamed.parameters(), whole.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())
    np.testing.assert_array_equal(streamed.predict(files), whole.predict(array))
    assert streamed.evaluate(files, y, verbose=0) == whole.evaluate(array, y, verbose=0)
    # How long steps waited is known of each epoch; what is in memory is not waited for.
    assert len(history.waited) == 3
    assert all(waited >= 0 for waited in history.waited)
    assert expected.waited == [0.0] * 3


def test_a_training_that_was_stopped_goes_on_with_the_same_batches(data, tmp_path):
    files, _, y = data
    whole, _ = trained(files, y, epochs=4)
    path = tmp_path / "checkpoint.safetensors"
    trained(files, y, epochs=2, callbacks=ModelCheckpoint(path))
    resumed, history = trained(files, y, epochs=4, resume=path)
    assert len(history) == 4
    for one, other in zip(resumed.parameters(), whole.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach().numpy(), other.detach().numpy())


def test_a_file_that_is_lost_while_training_is_named(data, tmp_path):
    files, _, y = data
    (tmp_path / "30.png").write_bytes(b"")
    with pytest.raises(errors.ColumnTypeError, match=r"30\.png"):
        trained(files, y)


def test_what_is_not_finite_is_found_in_streamed_rows_too(data):
    files, _, y = data
    model = nn.Sequential(Bytes(), nn.Flatten(), nn.Linear(48, 2))
    model.compile(cr.optim.SGD(model.parameters(), lr=1e38), nn.CrossEntropyLoss())
    with pytest.raises(errors.NonFiniteError):
        model.fit(files, y, batch_size=8, epochs=3, verbose=0)
