"""Asking the reference, live or from the recording, and comparing with what it says."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tests.oracle.case import Case, Cases

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
# Relative and absolute; whatever is not a float must be equal.
TOLERANCE = {"float64": (1e-10, 1e-12), "float32": (1e-5, 1e-6)}


@dataclass(frozen=True)
class Example:
    """A case with the reference's answers."""

    case: Case
    expected: Mapping[str, np.ndarray]

    @property
    def inputs(self) -> Mapping[str, np.ndarray]:
        """The inputs by name, as NumPy arrays."""
        return self.case.inputs

    def check(self, **got: Any) -> None:
        """Compare what we have with what the reference says, under its names."""
        assert got, "there is nothing to compare"
        for name, value in got.items():
            known = sorted(self.expected)
            assert name in known, f"the reference says nothing of {name!r}, only of {known}"
            assert_close(as_array(value), self.expected[name], name)

    def check_library(self, library: Any) -> None:
        """Run the case's own function on `library` instead, and compare all outputs and gradients."""
        got = ask_tensors(self.case, library)
        assert got.keys() == self.expected.keys(), f"{sorted(got)} instead of {sorted(self.expected)}"
        self.check(**got)


def families() -> list[str]:
    """The families that there are."""
    return sorted(path.stem.removeprefix("cases_") for path in HERE.glob("cases_*.py"))


def names(family: str) -> list[str]:
    """The names of a family's cases, for `pytest.mark.parametrize`."""
    return list(cases_of(family))


@cache
def example(family: str, name: str) -> Example:
    """The case called `name`, with the reference's answers."""
    cases = cases_of(family)
    expected = recorded(family).get(name)
    again = f"run `python -m tests.oracle.record {family}` where {cases.reference} is installed"
    assert expected is not None, f"{family}/{name} is not recorded: {again}"
    if is_installed(cases.reference):
        live = ask(cases, name)
        assert live.keys() == expected.keys(), f"{family}/{name} is recorded with other outputs: {again}"
        for key, value in live.items():
            assert_close(expected[key], value, f"{family}/{name}, {key}, is recorded differently ({again})")
        expected = live
    return Example(cases[name], expected)


def cases_of(family: str) -> Cases:
    """All cases of a family."""
    cases: Cases = importlib.import_module(f"tests.oracle.cases_{family}").cases
    return cases


@cache
def recorded(family: str) -> Mapping[str, Mapping[str, np.ndarray]]:
    """The recorded answers of a family: case, output, array."""
    path = RECORDED / f"{family}.safetensors"
    answers: dict[str, dict[str, np.ndarray]] = {}
    for key, array in (load_file(path) if path.exists() else {}).items():
        name, _, output = key.rpartition("/")
        answers.setdefault(name, {})[output] = array
    return answers


def is_installed(reference: str) -> bool:
    """Whether the reference can be asked live."""
    return importlib.util.find_spec(reference.partition(".")[0]) is not None


def ask(cases: Cases, name: str) -> dict[str, np.ndarray]:
    """Ask the reference itself."""
    library = importlib.import_module(cases.reference)
    compute = ask_tensors if cases.reference == "torch" else ask_arrays
    return compute(cases[name], library)


def ask_arrays(case: Case, library: Any) -> dict[str, np.ndarray]:
    """The case's outputs from a library that computes with NumPy arrays."""
    return {key: np.asarray(value) for key, value in _named(case.function(library, **case.inputs)).items()}


def ask_tensors(case: Case, library: Any) -> dict[str, np.ndarray]:
    """The case's outputs and gradients from a library with PyTorch's tensors (PyTorch's own, or ours)."""
    leaves = {
        key: library.tensor(array, requires_grad=np.issubdtype(array.dtype, np.floating))
        for key, array in case.inputs.items()
    }
    outputs = _named(case.function(library, **leaves))
    answers = {key: as_array(value) for key, value in outputs.items()}
    differentiable = [value for value in outputs.values() if value.requires_grad]
    if differentiable:
        for leaf in leaves.values():
            leaf.grad = None  # what the case itself may have left there
        weighted = [(y * library.tensor(cotangent(y.shape, as_array(y).dtype))).sum() for y in differentiable]
        sum(weighted[1:], start=weighted[0]).backward()
        answers |= {f"grad_{key}": as_array(x.grad) for key, x in leaves.items() if x.grad is not None}
    return answers


def cotangent(shape: tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    """The fixed weights of an output's entries in the sum to differentiate (ones would hide mistakes)."""
    return np.cos(1.0 + np.arange(np.prod(shape, dtype=int))).reshape(shape).astype(dtype)


def as_array(value: Any) -> np.ndarray:
    """A tensor of either library, an array or a number as a NumPy array."""
    return np.asarray(value.detach().numpy() if hasattr(value, "detach") else value)


def assert_close(got: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Fail unless shape, dtype and values agree."""
    relative, absolute = TOLERANCE.get(expected.dtype.name, (0.0, 0.0))
    np.testing.assert_allclose(got, expected, rtol=relative, atol=absolute, err_msg=what, strict=True)


def _named(outputs: Any) -> dict[str, Any]:
    if isinstance(outputs, dict):
        return outputs
    if isinstance(outputs, (tuple, list)):
        return {f"out_{index}": value for index, value in enumerate(outputs)}
    return {"out": outputs}
