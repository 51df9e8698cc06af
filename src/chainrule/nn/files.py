"""Tensors in files: safetensors, which hold data and never code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._tensor import Tensor
from chainrule.errors import DTypeError, FileFormatError
from chainrule.files import missing, write_bytes
from chainrule.nn.halves import from_bfloat16, without_halves
from chainrule.ops.convert import constant

# What the format calls dtypes.
_DTYPES = {"BOOL": "?", **{f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)}}
_DTYPES |= {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}


def save(
    tensors: Mapping[str, Any], path: str | os.PathLike[str], *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name to a safetensors file, whole or not at all.

    Args:
        tensors: Tensors or arrays by name, such as `model.state_dict()`.
        path: The file, such as "model.safetensors".
        metadata: Texts by name that go along.

    Raises:
        DTypeError: If there are no tensors by name (a whole model holds code too).
        WritingError: If the file cannot be written.
        DiskFullError: If there is no room for it.

    >>> model = cr.nn.Linear(2, 1)
    >>> cr.save(model.state_dict(), getfixture("tmp_path") / "model.safetensors")
    """
    from safetensors.numpy import save as serialise

    if not isinstance(tensors, Mapping):
        raise DTypeError(
            "a file holds tensors by name, and no code.",
            where="save",
            expected="a dict of tensors",
            got=type(tensors).__name__,
            remedy="save(model.state_dict(), path)" if hasattr(tensors, "state_dict") else None,
        )
    arrays = {name: _array(name, tensor) for name, tensor in tensors.items()}
    write_bytes(path, serialise(arrays, dict(metadata) if metadata else None))


def _array(name: str, tensor: Any) -> np.ndarray:
    array = np.asarray(tensor, order="C")
    if array.dtype.kind not in "biuf":
        raise DTypeError(
            "this entry is no tensor.",
            where=f"save, {name!r}",
            expected="a tensor or an array of numbers",
            got=type(tensor).__name__,
            remedy="give nested dicts names of their own ({'model.weight': ...}), and texts to metadata=",
        )
    return array


def load(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, for `model.load_state_dict`.

    Half precision, which PyTorch may have written, becomes float32: that has all its numbers.

    Args:
        path: The file, such as "model.safetensors".

    Raises:
        FileFormatError: If the file is broken, cut off, no safetensors file, or has a dtype that NumPy does not have.
        MissingFileError: If there is no such file; the nearest name is suggested.

    >>> path = getfixture("tmp_path") / "numbers.safetensors"
    >>> cr.save({"x": cr.ones(2)}, path)
    >>> cr.load(path)
    {'x': tensor([1., 1.])}
    """
    return load_with_metadata(path)[0]


def load_with_metadata(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file by name, and the texts that go along."""
    from safetensors import SafetensorError, deserialize

    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise missing(Path(path)) from None
    try:
        entries = deserialize(content)  # type: ignore[no-untyped-call]
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    except (SafetensorError, ValueError, KeyError) as error:
        raise FileFormatError(
            "the file does not hold tensors, or only a part of them.",
            where=str(path),
            expected="a safetensors file",
            got=f"{len(content):,} bytes: {error}",
            remedy="copy it again; a file from PyTorch is converted with safetensors.torch.save_file",
        ) from None
    arrays = {name: _read(f"{path}, {name!r}", entry) for name, entry in entries}
    return {name: constant(array) for name, array in arrays.items()}, header.get("__metadata__", {})


def _read(where: str, entry: Mapping[str, Any]) -> np.ndarray:
    kind = entry["dtype"]
    if kind not in _DTYPES:
        raise FileFormatError(
            "a tensor has a dtype that cannot be read.",
            where=where,
            expected="one of " + ", ".join([*_DTYPES]),
            got=kind,
            remedy="convert it where it was written: tensor.float()",
        )
    array = np.frombuffer(entry["data"], _DTYPES[kind]).reshape(entry["shape"])
    return from_bfloat16(array) if kind == "BF16" else without_halves(array)
