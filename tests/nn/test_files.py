import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import DTypeError, FileFormatError, MissingFileError


def test_a_state_comes_back_bit_for_bit(tmp_path):
    path = tmp_path / "model.safetensors"
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    cr.save(model.state_dict(), path)
    loaded = cr.load(path)
    assert loaded.keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert loaded[name].shape == tensor.shape  # also where it has no dimensions
        np.testing.assert_array_equal(loaded[name].numpy(), tensor.numpy())
    other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    other.load_state_dict(loaded)


def test_transposed_arrays_keep_their_values(tmp_path):
    array = np.arange(6.0).reshape(2, 3).T
    cr.save({"x": array}, tmp_path / "x")
    np.testing.assert_array_equal(cr.load(tmp_path / "x")["x"].numpy(), array)


def test_what_is_no_tensors_by_name(tmp_path):
    path = tmp_path / "model.safetensors"
    with pytest.raises(DTypeError, match=r"save\(model.state_dict\(\), path\)"):
        cr.save(nn.Linear(1, 1), path)
    with pytest.raises(DTypeError, match="'model'"):
        cr.save({"model": nn.Linear(1, 1).state_dict()}, path)
    with pytest.raises(DTypeError, match="'note'"):
        cr.save({"note": "text"}, path)
    assert not path.exists()


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_broken_files(tmp_path, keep):
    path = tmp_path / "model.safetensors"
    cr.save({"x": cr.ones(10)}, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileFormatError, match=r"model\.safetensors"):
        cr.load(path)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    cr.save({"x": cr.ones(2)}, path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        cr.save({"x": cr.zeros(2)}, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_file_that_is_not_there(tmp_path):
    cr.save({"x": cr.ones(2)}, tmp_path / "model.safetensors")
    with pytest.raises(MissingFileError, match=r"did you mean .*model\.safetensors\?"):
        cr.load(tmp_path / "modl.safetensors")
    with pytest.raises(MissingFileError, match="there is no folder"):
        cr.load(tmp_path / "none" / "model.safetensors")


def test_a_dtype_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "small.safetensors"
    header = b'{"x":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2))
    with pytest.raises(FileFormatError, match=r"(?s)'x'.*F8_E4M3"):
        cr.load(path)
