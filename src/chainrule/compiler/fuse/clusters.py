"""Which values one kernel computes together.

Every value starts as a cluster of its own; clusters that can be computed in one go over one index space are joined,
as long as no other work would have to happen in between. A cluster has a space:

- `map`: one shape, each value at the same position.
- `rows`: a shape of which some dimensions are reduced. `full` values have an element at each index of the shape,
  `outer` ones one for each index of the dimensions that are kept (a row's sum, what is computed from it).
- `contraction`: a matrix product, and maps of its result (the epilogue).
- `whole`: one value by itself.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from chainrule.compiler import cheap
from chainrule.compiler.fuse.feeds import Work
from chainrule.compiler.fuse.kinds import is_cheap, is_contraction, is_map, is_reduction, is_whole, reduced_dims
from chainrule.compiler.fuse.links import Link
from chainrule.compiler.fuse.place import squeezed
from chainrule.core.shape import Shape
from chainrule.graph import Apply, Value

Role = Literal["full", "outer", "inlined"]

# A kernel computes at most so many numbers (0-d values): an optimizer has some for each weight, and kernels of equal
# parts of them are compiled once.
_MOST_NUMBERS = 128
# So many steps cost less than a trip to memory.
_MOST_STEPS = 8


@dataclass(eq=False)
class Cluster:
    """Values that one kernel computes.

    Attributes:
        kind: See the head of this file.
        shape: The index space: the lengths other than 1.
        reduced: Which dimensions of `shape` are reduced.
        roles: Every value with its role, in the order of computation.
        level: Below that of every cluster that reads this one.
    """

    kind: Literal["map", "rows", "contraction", "whole"]
    shape: Shape
    reduced: frozenset[int] = frozenset()
    roles: dict[Apply, Role] = field(default_factory=dict)
    level: int = 0

    @property
    def size(self) -> int:
        """The number of indices."""
        return math.prod(self.shape)

    @property
    def kept(self) -> int:
        """The number of outer indices."""
        return math.prod(length for i, length in enumerate(self.shape) if i not in self.reduced)


class Recomputation(NamedTuple):
    """How a value is computed from what is in memory.

    Attributes:
        steps: The values to compute for it, and itself.
        arrays: The arrays of its size that this reads.
    """

    steps: tuple[Apply, ...]
    arrays: tuple[Value, ...]


class Clustering:
    """The clusters of a program, while they are being joined."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.of: dict[Apply, Cluster] = {}
        self._order = {value: i for i, value in enumerate(work.values)}
        # What each value reads that is computed, and what reads it.
        self.sources: dict[Apply, list[tuple[Apply, Link]]] = {}
        self.readers: dict[Apply, list[tuple[Apply, Link]]] = {value: [] for value in work.values}
        for value in work.values:
            self.of[value] = alone = _alone(value)
            read = [(link.source, link) for link in work.links[value] if isinstance(link.source, Apply)]
            self.sources[value] = read
            for source, link in read:
                self.readers[source].append((value, link))
                alone.level = max(alone.level, self.of[source].level + 1)
        self._outputs = set(work.graph.outputs)
        # Values that every kernel computes for itself, from what is in memory anyway.
        self.recomputed: set[Apply] = set()
        # What has been found out about clusters, whose values stay the same: pairs that do not fit; and which others
        # read what one computes, until one of those is joined to something.
        self._unfit: set[tuple[Cluster, Cluster]] = set()
        self._read_by: dict[Cluster, dict[Cluster, None]] = {}

    @property
    def clusters(self) -> list[Cluster]:
        """Each cluster once, in the order of their first values."""
        return list(dict.fromkeys(self.of[value] for value in self.work.values))

    def needed_outside(self, value: Apply) -> bool:
        """Whether a value must be written to memory."""
        own = self.of[value]
        if value in self.recomputed:
            return False
        return value in self._outputs or any(self.of[reader] is not own for reader, _ in self.readers[value])

    def is_needed(self, cluster: Cluster) -> bool:
        """Whether anything of it must be written to memory."""
        return any(self.needed_outside(value) for value in cluster.roles)

    def arrays(self, cluster: Cluster) -> int:
        """How many arrays of its full size a cluster reads and writes, besides a product's operands."""
        return len(self._read_beside(cluster)) + sum(self.needed_outside(value) for value in cluster.roles)

    def _read_beside(self, cluster: Cluster) -> set[Value]:
        """The arrays of its full size that a cluster reads, besides a product's operands."""
        values = [value for value in cluster.roles if not is_contraction(value)]
        links = [link for value in values for link in self.work.links[value]]
        return {link.source for link in links if link.how == "same" and link.source not in cluster.roles}

    def is_for_a_reduction(self, cluster: Cluster) -> bool:
        """Whether a reduction had better do a product's epilogue: all that this reads is read for it anyway."""
        beside = self._read_beside(cluster)
        if not beside or all(_bytes(each) < cheap.LARGE for each in beside):
            return False
        reduced = [
            value
            for value in cluster.roles
            if self.readers[value] and all(is_reduction(reader) for reader, _ in self.readers[value])
        ]
        return any(beside <= self._made_of(value) for value in reduced)

    def _made_of(self, value: Apply) -> set[Value]:
        """What a value of an epilogue is made of, at the same places."""
        found: set[Value] = set()
        stack: list[Value] = [value]
        while stack:
            each = stack.pop()
            if each not in found:
                found.add(each)
                if isinstance(each, Apply) and self.of[each] is self.of[value] and not is_contraction(each):
                    stack += [link.source for link in self.work.links[each] if link.how == "same"]
        return found

    def join(self, first: Cluster, second: Cluster) -> bool:
        """Join two clusters, the first of which the second reads, if that can be; whether it was."""
        if (first, second) in self._unfit:
            return False
        joined = self._fitted(first, second)
        if joined is None or _is_too_long(joined):
            self._unfit.add((first, second))
            return False
        if self._leads_around(first, second):
            return False
        self._replace(joined)
        return True

    def _replace(self, joined: Cluster) -> None:
        """Put a cluster in the place of those that it is made of."""
        joined.roles = dict(sorted(joined.roles.items(), key=lambda item: self._order[item[0]]))
        self.put(joined)
        joined.level = 1 + max((cluster.level for cluster in self._reads(joined)), default=-1)
        raised = [joined]
        while raised:
            cluster = raised.pop()
            for following in self.read_by(cluster):
                if following.level <= cluster.level:
                    following.level = cluster.level + 1
                    raised.append(following)

    def put(self, cluster: Cluster) -> None:
        """Let a cluster be the one that computes its values."""
        for value in cluster.roles:
            self.of[value] = cluster
        self._read_by.pop(cluster, None)
        for each in self._reads(cluster):
            self._read_by.pop(each, None)

    def _links(self, first: Cluster, second: Cluster) -> list[tuple[Apply, Apply, Link]]:
        return [
            (source, reader, link)
            for reader in second.roles
            for source, link in self.sources[reader]
            if source in first.roles
        ]

    def _fitted(self, first: Cluster, second: Cluster) -> Cluster | None:
        """What the two would be together, if their spaces fit."""
        links = self._links(first, second)
        if first.kind == "whole" or second.kind == "whole" or not links:
            return None
        if second.kind == "contraction":
            # What only the epilogue reads, at the same places, can be computed in it.
            if (
                first.kind != "map"
                or first.size != second.size
                or any(is_contraction(reader) for _, reader, _ in links)
            ):
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
            outer = (
                other.size == rows.kept
                and (link.how == "rows" or rows.roles[reader] == "outer")
                and not (is_reduction(reader))
            )
        if not outer and other.size != rows.size:
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
        small = len(first.roles) <= 2 and all(is_cheap(value) for value in first.roles)
        if not all(link.how in ("same", "moved") or small for _, _, link in links):
            return False
        if not all(_computes(reader) for _, reader, _ in links):
            return False
        if self._leads_around(first, second):
            return False
        roles: dict[Apply, Role] = dict.fromkeys(first.roles, "inlined")
        joined = Cluster(second.kind, second.shape, second.reduced, {**roles, **second.roles})
        self._replace(joined)
        return True

    def join_unlinked(self, first: Cluster, second: Cluster) -> bool:
        """Join two maps, or reductions, over one space of which neither needs the other; whether that could be."""
        spaces = {(each.kind, each.shape, each.reduced) for each in (first, second)}
        if len(spaces) > 1 or first.kind not in ("map", "rows"):
            return False
        if first.level > second.level:
            first, second = second, first
        joined = Cluster(first.kind, first.shape, first.reduced, {**first.roles, **second.roles})
        if _is_too_long(joined) or second in self.read_by(first) or self._leads_around(first, second):
            return False
        self._replace(joined)
        return True

    def recompute(self, value: Apply) -> bool:
        """Let every kernel compute a value for itself, if that costs less than a trip to memory; whether it does."""
        if not self.needed_outside(value) or value in self._outputs or not (is_cheap(value) and is_map(value)):
            return False
        if not all(_computes(reader) for reader, _ in self.readers[value]):
            return False
        found = self._recomputation(value)
        if found is None or (len(found.steps) > 1 and not self._saves_memory(value, found.arrays)):
            return False
        self.recomputed.update(found.steps)
        return True

    def _recomputation(self, value: Apply) -> Recomputation | None:
        """How a value is computed from what is in memory, if that is cheap."""
        steps: dict[Apply, None] = {}
        arrays: dict[Value, None] = {}
        stack = [value]
        while stack:
            step = stack.pop()
            if step not in self.recomputed:
                steps[step] = None
            if len(steps) > _MOST_STEPS:
                return None
            for link in self.work.links[step]:
                source = link.source
                if link.how not in ("same", "rows"):
                    return None
                if not isinstance(source, Apply) or self.needed_outside(source):
                    if link.how == "same":
                        arrays[source] = None
                elif source in self.recomputed or (is_cheap(source) and is_map(source)):
                    stack.append(source)
                else:
                    return None
        return Recomputation(tuple(steps), tuple(arrays))

    def _saves_memory(self, value: Apply, arrays: Collection[Value]) -> bool:
        """Whether the readers of a value that is not stored read at most one array more than they do now."""
        if any(link.how != "same" for _, link in self.readers[value]):
            return False
        more = 0
        for reader in dict.fromkeys(self.of[reader] for reader, _ in self.readers[value]):
            if reader is not self.of[value]:
                more += len(set(arrays) - self._arrays_read(reader)) - 1
        return more <= 1

    def _arrays_read(self, cluster: Cluster) -> set[Value]:
        """What a cluster reads at its own places, also to compute a value again."""
        found: set[Value] = set()
        stack: list[Apply] = list(cluster.roles)
        while stack:
            for link in self.work.links[stack.pop()]:
                if link.how == "same" and link.source not in found:
                    found.add(link.source)
                    if link.source in self.recomputed and isinstance(link.source, Apply):
                        stack.append(link.source)
        return found

    def _leads_around(self, first: Cluster, second: Cluster) -> bool:
        """Whether a way from the first to the second leads through others, which would then have to run in between."""
        if second.level <= first.level + 1:
            return False  # no level is left for one in between
        seen: set[Cluster] = set()
        stack = [cluster for cluster in self.read_by(first) if cluster is not second]
        while stack:
            cluster = stack.pop()
            # Levels rise along every way: from here on, none leads to the second.
            if cluster.level >= second.level or cluster in seen:
                continue
            seen.add(cluster)
            following = self.read_by(cluster)
            if second in following:
                return True
            stack.extend(following)
        return False

    def read_by(self, cluster: Cluster) -> Collection[Cluster]:
        """The clusters that read what this one computes."""
        found = self._read_by.get(cluster)
        if found is None:
            readers = [self.of[reader] for value in cluster.roles for reader, _ in self.readers[value]]
            found = self._read_by[cluster] = dict.fromkeys(readers)
            found.pop(cluster, None)
        return found

    def _reads(self, cluster: Cluster) -> Iterator[Cluster]:
        """The clusters that this one reads."""
        for value in cluster.roles:
            for source, _ in self.sources[value]:
                if source not in cluster.roles:
                    yield self.of[source]


def _bytes(value: Value) -> int:
    return math.prod(value.shape) * value.dtype.itemsize


def _alone(value: Apply) -> Cluster:
    """The cluster of one value."""
    if is_whole(value):
        return Cluster("whole", value.shape, roles={value: "full"})
    if is_reduction(value):
        shape = value.inputs[0].shape
        dims = reduced_dims(value)
        long = [dim for dim, length in enumerate(shape) if length != 1]
        reduced = frozenset(i for i, dim in enumerate(long) if dim in dims)
        return Cluster("rows", squeezed(shape), reduced, {value: "outer"})
    kind: Literal["contraction", "map"] = "contraction" if is_contraction(value) else "map"
    return Cluster(kind, squeezed(value.shape), roles={value: "full"})


def _is_too_long(cluster: Cluster) -> bool:
    """Whether it computes more numbers than a kernel should."""
    return cluster.size == 1 and len(cluster.roles) > _MOST_NUMBERS


def _computes(reader: Apply) -> bool:
    """Whether a value reads others element by element, so that these need not be in memory."""
    return (is_map(reader) or is_reduction(reader)) and reader.primitive.name != "random_uniform"


def _fits(source: Role, reader: Role, consumer: Apply, link: Link, space: Cluster) -> bool:
    """Whether a value can be read within the kernel: at the place at which the kernel has it at that moment."""
    if is_reduction(consumer):
        return source == "full" and link.how == "same"
    if source == "outer":
        if reader == "outer":
            return link.how == "same"
        return link.how == "rows" and link.dropped == space.reduced and squeezed(consumer.shape) == space.shape
    return reader == "full" and link.how == "same"
