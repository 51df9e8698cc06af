"""In which order clusters run, and which of the program's inputs may be overwritten where they stand.

Every value is computed from the old values of the inputs. So what writes an input in place runs after everything else
that reads it; where that cannot be (it reads other elements itself, or would have to run before and after something),
the new value is put aside and copied at the end.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chainrule.compiler.fuse.clusters import Cluster, Clustering
from chainrule.compiler.fuse.kinds import is_contraction, is_reduction
from chainrule.compiler.fuse.links import Link
from chainrule.graph import Apply, Input

# Bytes more or less that are worth another order.
_WORTH_A_TURN = 1 << 20


@dataclass(frozen=True)
class Schedule:
    """The order of the clusters.

    Attributes:
        clusters: In the order in which they run.
        in_place: The values that are written straight into the input that they replace, with its number.
        copied: The writes that are put aside: (value, number of the input).
    """

    clusters: tuple[Cluster, ...]
    in_place: dict[Apply, int]
    copied: tuple[tuple[Apply, int], ...]


def scheduled(clustering: Clustering) -> Schedule:
    """Put the clusters in order."""
    clusters = clustering.clusters
    after: dict[Cluster, dict[Cluster, None]] = {
        cluster: dict.fromkeys(clustering.read_by(cluster)) for cluster in clusters
    }
    reading = _reading(clustering)
    depths = {cluster: depths_of(clustering, cluster) for cluster in clusters}
    in_place: dict[Apply, int] = {}
    copied: list[tuple[Apply, int]] = []
    for number, value in clustering.work.graph.writes:
        assert isinstance(value, Apply)
        cluster = clustering.of[value]
        reads = reading.get(clustering.work.graph.inputs[number], [])
        within = [(reader, link) for reader, link in reads if clustering.of[reader] is cluster]
        readers = dict.fromkeys(clustering.of[reader] for reader, _ in reads if clustering.of[reader] is not cluster)
        if _overwrites_safely(cluster, value, within, depths[cluster]) and not _leads_to(readers, cluster, after):
            in_place[value] = number
            for reader in readers:
                after[reader][cluster] = None
        else:
            copied.append((value, number))
    return Schedule(tuple(_sparing(_topological(clusters, after), after, clustering)), in_place, tuple(copied))


def _reading(clustering: Clustering) -> dict[Input, list[tuple[Apply, Link]]]:
    """What reads each input, and how; also in order to compute again what it reads."""
    found: dict[Input, list[tuple[Apply, Link]]] = {}
    for value, links in clustering.work.links.items():
        for link in links:
            if isinstance(link.source, Input):
                found.setdefault(link.source, []).extend((each, link) for each in _computing(clustering, value))
    return found


def _computing(clustering: Clustering, value: Apply) -> Collection[Apply]:
    """A value, and the values of other kernels that are computed from it there, where that is done again."""
    found = {value: None}
    stack = [value] if value in clustering.recomputed else []
    while stack:
        for reader, _ in clustering.readers[stack.pop()]:
            if reader not in found:
                found[reader] = None
                if reader in clustering.recomputed:
                    stack.append(reader)
    return found


def _overwrites_safely(
    cluster: Cluster, value: Apply, reads: Sequence[tuple[Apply, Link]], depths: Mapping[Apply, int]
) -> bool:
    """Whether nothing in the value's own cluster still needs an old element after its new one is stored.

    Args:
        cluster: The cluster.
        value: What it stores over an input.
        reads: What in it reads that input.
        depths: Of all its values.
    """
    if cluster.kind == "whole":
        # It may store what it goes on computing with, and read the input at any time.
        return not reads
    if cluster.roles[value] == "inlined":
        return False
    for reader, link in reads:
        if (
            link.how != "same"
            or cluster.roles[reader] != cluster.roles[value]
            or is_contraction(reader)
            or is_reduction(reader)
            or depths[reader] > depths[value]
        ):
            return False
    # Later passes may compute full values again, and would read what has been overwritten.
    return cluster.roles[value] == "outer" or depths[value] == max(depths.values())


def depths_of(clustering: Clustering, cluster: Cluster) -> dict[Apply, int]:
    """For each value of a cluster, how many reductions must be done, one after another, before it can be computed."""
    depths: dict[Apply, int] = {}
    for value in cluster.roles:
        inner = [depths[link.source] for link in clustering.work.links[value] if link.source in depths]
        depths[value] = max(inner, default=0) + (1 if is_reduction(value) else 0)
    return depths


def _leads_to(ends: Collection[Cluster], start: Cluster, after: dict[Cluster, dict[Cluster, None]]) -> bool:
    """Whether one of the ends comes after the start."""
    seen: set[Cluster] = set()
    stack = list(after[start]) if ends else []
    while stack:
        cluster = stack.pop()
        if cluster in ends:
            return True
        if cluster not in seen:
            seen.add(cluster)
            stack.extend(after[cluster])
    return False


def _topological(clusters: list[Cluster], after: dict[Cluster, dict[Cluster, None]]) -> list[Cluster]:
    """Each cluster after those that it must wait for; otherwise in the given order."""
    before: dict[Cluster, list[Cluster]] = {cluster: [] for cluster in clusters}
    for cluster, following in after.items():
        for each in following:
            before[each].append(cluster)
    done: dict[Cluster, None] = {}
    stack = [(cluster, False) for cluster in reversed(clusters)]
    while stack:
        cluster, expanded = stack.pop()
        if expanded:
            done[cluster] = None
        elif cluster not in done:
            stack.append((cluster, True))
            stack.extend((each, False) for each in reversed(before[cluster]) if each not in done)
    return list(done)


def _sparing(
    clusters: list[Cluster], after: dict[Cluster, dict[Cluster, None]], clustering: Clustering
) -> list[Cluster]:
    """Of the clusters that could run next always the one that leaves the least in memory; otherwise in the given order.

    So a gradient to a weight is made while the gradient that it is made of is in a cache, which then goes.
    """
    waiting = dict.fromkeys(clusters, 0)
    for following in after.values():
        for each in following:
            waiting[each] += 1
    stored = {cluster: [value for value in cluster.roles if clustering.needed_outside(value)] for cluster in clusters}
    unread = {
        value: {clustering.of[reader] for reader, _ in clustering.readers[value]} - {cluster}
        for cluster, values in stored.items()
        for value in values
    }
    read: dict[Cluster, list[Apply]] = {cluster: [] for cluster in clusters}
    for value, readers in unread.items():
        for reader in readers:
            read[reader].append(value)

    def left(cluster: Cluster) -> int:
        made = sum(_bytes(value) for value in stored[cluster])
        gone = sum(_bytes(value) for value in read[cluster] if unread[value] == {cluster})
        return round((made - gone) / _WORTH_A_TURN)

    place = {cluster: i for i, cluster in enumerate(clusters)}
    ready = [cluster for cluster in clusters if not waiting[cluster]]
    done: list[Cluster] = []
    while ready:
        cluster = min(ready, key=lambda each: (left(each), place[each]))
        ready.remove(cluster)
        done.append(cluster)
        for value in read[cluster]:
            unread[value].discard(cluster)
        for each in after[cluster]:
            waiting[each] -= 1
            if not waiting[each]:
                ready.append(each)
    return done


def _bytes(value: Apply) -> int:
    return math.prod(value.shape) * value.dtype.itemsize
