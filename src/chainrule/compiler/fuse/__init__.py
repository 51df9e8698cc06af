"""From values to kernels: what is computed together, in which order, and where it stands in memory."""

from __future__ import annotations

from chainrule.compiler.chains import chained
from chainrule.compiler.fuse.buffers import Buffers
from chainrule.compiler.fuse.build import Kernels
from chainrule.compiler.fuse.empty import without_empty
from chainrule.compiler.fuse.feeds import work_of
from chainrule.compiler.fuse.joining import clustered
from chainrule.compiler.fuse.naming import uniquely_named
from chainrule.compiler.fuse.order import scheduled
from chainrule.compiler.fuse.split import split
from chainrule.compiler.kernel import Program
from chainrule.compiler.memory import planned, waits
from chainrule.graph import Graph

__all__ = ["fused"]


def fused(graph: Graph) -> Program:
    """The kernels that compute a graph, in order, with their memory."""
    work = work_of(split(without_empty(graph)))
    clustering = clustered(work)
    schedule = scheduled(clustering)
    buffers = Buffers(work.graph, schedule)
    make = Kernels(clustering, buffers)
    kernels = [make.of(cluster) for cluster in schedule.clusters if clustering.is_needed(cluster)]
    kernels += [make.copy(value, buffers.inputs[number]) for value, number in schedule.copied]
    kernels, chains = chained(kernels, buffers.arena)
    offsets, size = planned(kernels, buffers.arena, chains)
    return Program(
        uniquely_named(kernels),
        waits(kernels, offsets),
        offsets,
        size,
        tuple(buffers.constants),
        buffers.inputs,
        buffers.results,
        frozenset(buffer for buffer, value in zip(buffers.inputs, graph.inputs, strict=True) if value.stream),
        chains,
    )
