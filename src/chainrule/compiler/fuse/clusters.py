"""Which values one kernel computes together.

Every value starts as a cluster of its own; clusters that can be computed in one go over one index space are joined,
as long as no other work would have to happen in between. A cluster has a space:

- `map`: one shape, each value at the same position.
- `rows`: a shape of which some dimensions are reduced. `full` values have an element at each index of the shape, `outer`
  ones an element for each index of the dimensions that are kept (a row's sum, what is computed from it).
- `contraction`: a matrix product, and maps of its result (the epilogue).
- `whole`: one value by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from chainrule.compiler.fuse.feeds import Work
from chainrule.compiler.fuse.kinds import is_cheap, is_contraction, is_map, is_reduction, is_whole
from chainrule.compiler.fuse.links import Link
from chainrule.compiler.fuse.place import loops_over
from chainrule.core.shape import Shape
from chainrule.graph import Apply

Role = Literal["full", "outer", "inlined"]


@dataclass(eq=False)
class Cluster:
    """Values that one kernel computes.

    Attributes:
        kind: See the head of this file.
        shape: The index space: the lengths other than 1.
        reduced: Which dimensions of `shape` are reduced.
        roles: Every value with its role, in the order of computation.
    """

    kind: Literal["map", "rows", "contraction", "whole"]
    shape: Shape
    reduced: frozenset[int] = frozenset()
    roles: dict[Apply, Role] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The number of indices."""
        return math.prod(self.shape)

    @property
    def kept(self) -> int:
        """The number of outer indices."""
        return math.prod(length for i, length in enumerate(self.shape) if i not in self.reduced)


class Clustering:
    """The clusters of a program, while they are being joined."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.of: dict[Apply, Cluster] = {}
        self._order = {value: i for i, value in enumerate(work.values)}
        self.readers: dict[Apply, list[tuple[Apply, Link]]] = {value: [] for value in work.values}
        for value in work.values:
            self.of[value] = _alone(value)
            for link in work.links[value]:
                if isinstance(link.source, Apply):
                    self.readers[link.source].append((value, link))
        self._outputs = set(work.graph.outputs)

    @property
    def clusters(self) -> list[Cluster]:
        """Each cluster once, in the order of their first values."""
        return list(dict.fromkeys(self.of[value] for value in self.work.values))

    def needed_outside(self, value: Apply) -> bool:
        """Whether a value must be written to memory."""
        own = self.of[value]
        return value in self._outputs or any(self.of[reader] is not own for reader, _ in self.readers[value])

    def join(self, first: Cluster, second: Cluster) -> bool:
        """Join two clusters, the first of which the second reads, if that can be; whether it was."""
        joined = self._fitted(first, second)
        if joined is None or self._leads_around(first, second):
            return False
        joined.roles = dict(sorted(joined.roles.items(), key=lambda item: self._order[item[0]]))
        for value in joined.roles:
            self.of[value] = joined
        return True

    def _links(self, first: Cluster, second: Cluster) -> list[tuple[Apply, Apply, Link]]:
        return [
            (link.source, reader, link)
            for reader in second.roles
            for link in self.work.links[reader]
            if isinstance(link.source, Apply) and self.of[link.source] is first
        ]

    def _fitted(self, first: Cluster, second: Cluster) -> Cluster | None:
        """What the two would be together, if their spaces fit."""
        links = self._links(first, second)
        if first.kind == "whole" or second.kind == "whole" or not links:
            return None
        if second.kind == "contraction":
            # What only the epilogue reads, at the same places, can be computed in it.
            if first.kind != "map" or first.size != second.size or any(is_contraction(reader) for _, reader, _ in links):
                return None
            roles: dict[Apply, Role] = dict.fromkeys(first.roles, "full")
        elif first.kind == "contraction":
            if second.kind != "map" or second.size != first.size:
                return None
            roles = dict.fromkeys(second.roles, "full")
        elif first.kind == "map" and second.kind == "map":
            if first.size != second.size:
                return None
            roles = {}
        elif first.kind == "rows" and second.kind == "rows":
            if (first.shape, first.reduced) != (second.shape, second.reduced):
                return None
            roles = {}
        else:
            found = self._roles_in_rows(first, second, links)
            if found is None:
                return None
            roles = found
        space = second if second.kind in ("contraction", "rows") else first
        merged = {**first.roles, **second.roles, **roles}
        if not all(_fits(merged[source], merged[reader], reader, link, space) for source, reader, link in links):
            return None
        return Cluster(space.kind, space.shape, space.reduced, merged)

    def _roles_in_rows(
        self, first: Cluster, second: Cluster, links: list[tuple[Apply, Apply, Link]]
    ) -> dict[Apply, Role] | None:
        """The roles that the values of a map get when they are joined to rows."""
        rows, other = (first, second) if first.kind == "rows" else (second, first)
        if any(role == "inlined" for role in other.roles.values()):
            return None
        _, reader, link = links[0]
        if rows is first:
            outer = other.size == rows.kept and link.how == "same" and rows.roles[links[0][0]] == "outer"
        else:
            outer = other.size == rows.kept and (link.how == "rows" or rows.roles[reader] == "outer") and not (
                is_reduction(reader)
            )
        if not outer and other.size != rows.size:
            return None
        if not outer and other.shape != rows.shape:
            return None
        return dict.fromkeys(other.roles, "outer" if outer else "full")

    def inline(self, first: Cluster, second: Cluster) -> bool:
        """Compute a map within its only reader, at whichever places that needs it; whether that can be."""
        links = self._links(first, second)
        if first.kind != "map" or second.kind == "whole" or not links:
            return False
        if any(value in self._outputs for value in first.roles):
            return False
        if any(self.of[reader] not in (first, second) for value in first.roles for reader, _ in self.readers[value]):
            return False
        cheap = len(first.roles) <= 2 and all(is_cheap(value) for value in first.roles)
        if not all(link.how in ("same", "moved") or cheap for _, _, link in links):
            return False
        if any(is_contraction(reader) or reader.primitive.name == "random_uniform" for _, reader, _ in links):
            return False
        if self._leads_around(first, second):
            return False
        roles: dict[Apply, Role] = dict.fromkeys(first.roles, "inlined")
        merged = {**roles, **second.roles}
        merged = dict(sorted(merged.items(), key=lambda item: self._order[item[0]]))
        joined = Cluster(second.kind, second.shape, second.reduced, merged)
        for value in merged:
            self.of[value] = joined
        return True

    def _leads_around(self, first: Cluster, second: Cluster) -> bool:
        """Whether a way from the first to the second leads through others, which would then have to run in between."""
        seen = {second}
        stack = [cluster for cluster in self.read_by(first) if cluster is not second]
        while stack:
            cluster = stack.pop()
            if cluster is first or cluster in seen:
                continue
            seen.add(cluster)
            for following in self.read_by(cluster):
                if following is second:
                    return True
                stack.append(following)
        return False

    def read_by(self, cluster: Cluster) -> Iterable[Cluster]:
        """The clusters that read what this one computes."""
        return dict.fromkeys(
            self.of[reader] for value in cluster.roles for reader, _ in self.readers[value] if self.of[reader] is not cluster
        )


def _alone(value: Apply) -> Cluster:
    """The cluster of one value."""
    if is_whole(value):
        return Cluster("whole", value.shape, roles={value: "full"})
    if is_reduction(value):
        shape = value.inputs[0].shape
        dims = value.params["dims"] if "dims" in value.params else (value.params["dim"],)
        squeezed = [dim for dim, length in enumerate(shape) if length != 1]
        reduced = frozenset(i for i, dim in enumerate(squeezed) if dim in dims)
        return Cluster("rows", tuple(shape[dim] for dim in squeezed), reduced, {value: "outer"})
    kind: Literal["contraction", "map"] = "contraction" if is_contraction(value) else "map"
    return Cluster(kind, tuple(loop.extent for loop in loops_over(value.shape)), roles={value: "full"})


def _fits(source: Role, reader: Role, consumer: Apply, link: Link, space: Cluster) -> bool:
    """Whether a value can be read within the kernel: at the place at which the kernel has it at that moment."""
    if is_reduction(consumer):
        return source == "full" and link.how == "same"
    if source == "outer":
        return link.how == "same" if reader == "outer" else link.how == "rows" and link.dropped == space.reduced
    return reader == "full" and link.how == "same"


def clustered(work: Work) -> Clustering:
    """Join what can be computed together. The order matters: each step takes what the next would tear apart."""
    clustering = Clustering(work)
    # A product takes its epilogue first: what is done to each sum while it is still in a register.
    _join_along(clustering, lambda first, second: first.kind == "contraction" and second.kind == "map")
    # Reductions take what they read and what is computed from them while a row is in the nearest cache.
    _join_along(clustering, lambda first, second: "rows" in (first.kind, second.kind))
    # Maps over one shape become one loop.
    _join_along(clustering, lambda first, second: first.kind == second.kind == "map")
    _join_along(clustering, lambda first, second: first.kind == "map")
    # What is left over of small maps is computed where it is read.
    for value in reversed(work.values):
        for reader in dict.fromkeys(clustering.of[reader] for reader, _ in clustering.readers[value]):
            if reader is not clustering.of[value]:
                clustering.inline(clustering.of[value], reader)
    return clustering


def _join_along(clustering: Clustering, wanted) -> None:  # type: ignore[no-untyped-def]
    """Join along every link of the wanted kind, again until nothing more joins."""
    changed = True
    while changed:
        changed = False
        for value in clustering.work.values:
            for link in clustering.work.links[value]:
                if not isinstance(link.source, Apply):
                    continue
                first, second = clustering.of[link.source], clustering.of[value]
                if first is not second and wanted(first, second):
                    changed |= clustering.join(first, second)
