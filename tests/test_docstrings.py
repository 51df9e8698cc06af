"""Every public name explains itself: a docstring, an example that runs (pytest runs them all), and every argument."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import chainrule as cr
from chainrule.errors import MissingDependencyError

FACES = [
    cr,
    cr.augment,
    cr.data,
    cr.inspect,
    cr.metrics,
    cr.models,
    cr.nn,
    cr.nn.functional,
    cr.nn.init,
    cr.optim,
    cr.optim.lr_scheduler,
    cr.training,
]
# Explained once for all operations, in the docstring of `chainrule`.
COMMON = {"input", "other", "tensor", "dim", "keepdim", "size", "dtype", "device", "requires_grad", "generator"}
# Results and kinds: users are given them, or name them in annotations, but do not make them.
WITHOUT_EXAMPLE = {
    "Choice": "a part of what `init.auto_` gives",
    "Choices": "what `init.auto_` gives",
    "KernelTime": "a part of what `profile` gives",
    "LRRangeTest": "what `lr_range_test` gives",
    "LayerTime": "a part of what `profile` gives",
    "PerceptronHistory": "what `Perceptron.fit` gives",
    "Profile": "what `profile` gives",
    "Table": "a protocol; `read_table` gives one",
    "State": "what `Preprocessor.to_state` gives",
    "Task": "an annotation",
}


def public() -> Iterator[tuple[str, Any]]:
    """Every function and class that a face names, once, with its full name."""
    seen = set()
    for face in FACES:
        for name in face.__all__:
            try:
                item = getattr(face, name)
            except MissingDependencyError as missing:
                ABSENT[f"{face.__name__}.{name}"] = missing.message
                continue
            if (inspect.isclass(item) or inspect.isfunction(item)) and id(item) not in seen:
                seen.add(id(item))
                yield f"{face.__name__}.{name}", item


# What is not there without an optional dependency, and why.
ABSENT: dict[str, str] = {}
PUBLIC = dict(public())
NAMES = pytest.mark.parametrize(
    "name", [*PUBLIC, *(pytest.param(name, marks=pytest.mark.skip(reason=why)) for name, why in ABSENT.items())]
)


def text(item: Any) -> str:
    """Its own docstring, not one that a class takes from its base."""
    return inspect.cleandoc(vars(item).get("__doc__") or "" if inspect.isclass(item) else item.__doc__ or "")


def arguments(item: Any) -> set[str]:
    """What a caller may give; for classes that define no constructor of their own: nothing."""
    if inspect.isclass(item) and "__init__" not in vars(item):
        return set()
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(item.__init__ if inspect.isclass(item) else item).parameters
    return {name for name, parameter in parameters.items() if parameter.kind not in kinds} - {"self"}


def explained(item: Any) -> set[str]:
    """Every word of its explanation, and of those that it refers to."""
    own = text(item).split(">>>")[0]
    referred = [PUBLIC[name] for name in PUBLIC if f"`{name.rpartition('.')[2]}`" in own and PUBLIC[name] is not item]
    return {word for part in (own, *map(text, referred)) for word in re.findall(r"\w+", part)}


@NAMES
def test_has_a_docstring(name):
    assert text(PUBLIC[name])


@NAMES
def test_has_an_example(name):
    short = name.rpartition(".")[2]
    assert (">>>" in text(PUBLIC[name])) != (short in WITHOUT_EXAMPLE)


@NAMES
def test_explains_its_arguments(name):
    assert arguments(PUBLIC[name]) - COMMON <= explained(PUBLIC[name])


@NAMES
def test_methods_have_docstrings(name):
    item = PUBLIC[name]
    if inspect.isclass(item):
        methods = [member for member in vars(item) if not member.startswith("_") and callable(getattr(item, member))]
        assert [member for member in methods if not inspect.getdoc(getattr(item, member))] == []


def test_the_exceptions_are_still_needed():
    assert set(WITHOUT_EXAMPLE) <= {name.rpartition(".")[2] for name in PUBLIC} | {"Task"}
