"""What makes one graph the same program as another: everything but the names."""

from __future__ import annotations

from chainrule.graph.graph import Apply, Constant, Graph, Input, Value


def fingerprint(graph: Graph) -> bytes:
    """32 bytes that two graphs share if they compute the same in the same way, whatever their layers are called.

    >>> import numpy as np
    >>> from chainrule.graph import Graph, Input
    >>> x, y = (Input((2,), np.dtype("float32"), name) for name in "xy")
    >>> fingerprint(Graph((x,), (x,))) == fingerprint(Graph((y,), (y,)))
    True
    """
    import hashlib  # brings a library of four megabytes with it

    order = graph.order()
    # Inputs that nothing reads are given at each call all the same.
    numbers: dict[Value, int] = {value: number for number, value in enumerate(graph.inputs)}
    digest = hashlib.sha256()
    for given in graph.inputs:
        digest.update(f"input {given.shape} {given.dtype.str} {given.stream}\n".encode())
    for value in order:
        if value not in numbers:
            numbers[value] = len(numbers)
            digest.update(_described(value, numbers).encode())
            if isinstance(value, Constant):
                digest.update(value.array.tobytes())
    digest.update(f"results {[numbers[value] for value in graph.results]}\n".encode())
    digest.update(f"writes {[(index, numbers[value]) for index, value in graph.writes]}\n".encode())
    return digest.digest()


def _described(value: Value, numbers: dict[Value, int]) -> str:
    if isinstance(value, Apply):
        params = sorted((name, repr(param)) for name, param in value.params.items())
        return f"{value.primitive.name} {[numbers[source] for source in value.inputs]} {params}\n"
    assert isinstance(value, Constant), isinstance(value, Input)
    return f"constant {value.shape} {value.dtype.str}\n"
