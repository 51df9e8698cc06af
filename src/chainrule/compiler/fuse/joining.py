"""The steps in which clusters are joined. Their order matters: each takes what the next would tear apart."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.fuse.clusters import Cluster, Clustering
from chainrule.compiler.fuse.feeds import Work
from chainrule.compiler.fuse.kinds import is_contraction
from chainrule.graph import Apply

# An epilogue goes over its arrays tile by tile, some hundred bytes from each row: with more arrays than this (an update
# by Adam reads and writes three) that costs more than a loop of its own, which streams (docs/performance.md).
_MOST_ARRAYS = 5


def clustered(work: Work) -> Clustering:
    """Join what can be computed together."""
    clustering = Clustering(work)
    # A product takes its epilogue first: what is done to each sum while it is still in a register.
    _join_epilogues(clustering)
    # Reductions take what they read and what is computed from them while a row is in the nearest cache.
    _join_along(clustering, lambda first, second: "rows" in (first.kind, second.kind))
    # Reductions of an array that one kernel makes become one, which reads it once.
    for cluster in clustering.clusters:
        readers = [each for each in clustering.read_by(cluster) if each.kind == "rows" and each.size == cluster.size]
        _join_reductions(clustering, readers)
    # Maps over one shape become one loop.
    _join_along(clustering, lambda first, second: first.kind == second.kind == "map")
    _join_along(clustering, lambda first, second: first.kind == "map")
    # Numbers (an optimizer's corrections, a count) go into few kernels: each costs more to call than to compute.
    alone: Cluster | None = None
    for cluster in clustering.clusters:
        if cluster.kind == "map" and cluster.size == 1:
            if alone is not None and clustering.join_unlinked(alone, cluster):
                cluster = clustering.of[next(iter(cluster.roles))]
            alone = cluster
    # What is left over of small maps is computed where it is read.
    for value in reversed(work.values):
        for reader in dict.fromkeys(clustering.of[reader] for reader, _ in clustering.readers[value]):
            if reader is not clustering.of[value]:
                clustering.inline(clustering.of[value], reader)
    for value in work.values:
        clustering.recompute(value)
    return clustering


def _join_reductions(clustering: Clustering, reductions: list[Cluster]) -> None:
    """Join reductions of which neither needs the other."""
    while reductions:
        first, *others = reductions
        joined = next((each for each in others if clustering.join_unlinked(first, each)), None)
        # What they have become may take another one.
        reductions = others if joined is None else [clustering.of[next(iter(first.roles))], *others]
        if joined is not None:
            reductions.remove(joined)


def _join_epilogues(clustering: Clustering) -> None:
    """Give each product the maps of its result; all of them or, where others do them better, none."""
    for product in [value for value in clustering.work.values if is_contraction(value)]:
        before = clustering.of[product]
        taken = _join_readers(clustering, product)
        cluster = clustering.of[product]
        if clustering.arrays(cluster) > _MOST_ARRAYS or clustering.is_for_a_reduction(cluster):
            for cluster in (before, *taken):
                clustering.put(cluster)


def _join_readers(clustering: Clustering, product: Apply) -> list[Cluster]:
    """Join to a product the maps of its result, again until nothing more joins; what they were before."""
    taken: list[Cluster] = []
    while True:
        cluster = clustering.of[product]
        maps = [reader for reader in clustering.read_by(cluster) if reader.kind == "map"]
        joined = next((each for each in maps if clustering.join(cluster, each)), None)
        if joined is None:
            return taken
        taken.append(joined)


def _join_along(clustering: Clustering, wanted: Callable[[Cluster, Cluster], bool]) -> None:
    """Join along every link of the wanted kind, again until nothing more joins."""
    changed = True
    while changed:
        changed = False
        for value in clustering.work.values:
            for source, _ in clustering.sources[value]:
                first, second = clustering.of[source], clustering.of[value]
                if first is not second and wanted(first, second):
                    changed |= clustering.join(first, second)
