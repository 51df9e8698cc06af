"""Lists, tuples and dicts of leaves, as one flat list and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The leaves of `tree`, in order; dicts in the order of their keys' insertion.

    >>> leaves({"a": 1, "b": [2, (3,)]})
    [1, 2, 3]
    """
    return list(_walk(tree))


def _walk(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        for item in tree.values():
            yield from _walk(item)
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from _walk(item)
    else:
        yield tree


def map_leaves(fn: Callable[[Any], Any], tree: Any) -> Any:
    """`tree` with `fn` applied to each leaf.

    >>> map_leaves(lambda x: x + 1, {"a": 1, "b": [2, (3,)]})
    {'a': 2, 'b': [3, (4,)]}
    """
    if isinstance(tree, dict):
        return {key: map_leaves(fn, item) for key, item in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*[map_leaves(fn, item) for item in tree])
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_leaves(fn, item) for item in tree)
    return fn(tree)


def unflatten(like: Any, items: list[Any]) -> Any:
    """`items` in the form of `like`."""
    remaining = iter(items)
    return map_leaves(lambda _: next(remaining), like)
