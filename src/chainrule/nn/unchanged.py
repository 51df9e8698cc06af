"""Trying a model out without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chainrule.core.changes import changes

if TYPE_CHECKING:
    from chainrule.nn.module import Module

_REGISTRIES = ("_parameters", "_buffers", "_modules")


@contextmanager
def unchanged(model: Module) -> Iterator[None]:
    """Whatever the block assigns to attributes of the model and the modules within it is put back at the end.

    `shapes_only` puts back what tensors hold; this puts back which tensors, modes and numbers the attributes are, for
    models whose `forward` says `self.mean = 0.9 * self.mean + ...`.
    """
    before = [
        (module, dict(module.__dict__), [dict(getattr(module, registry)) for registry in _REGISTRIES])
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for module, attributes, registered in before:
            module.__dict__.clear()
            module.__dict__.update(attributes)
            for registry, entries in zip(_REGISTRIES, registered, strict=True):
                held = getattr(module, registry)
                held.clear()
                held.update(entries)
        changes.steering += 1
