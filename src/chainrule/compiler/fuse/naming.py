"""Names of kernels: whose they are, and what they do."""

from __future__ import annotations

from chainrule.compiler.fuse.clusters import Cluster
from chainrule.compiler.fuse.moves import MOVES
from chainrule.graph import Apply

# What says little of a kernel beside its other operations.
_SMALL = frozenset({"cast", "not", "and", "or", "neg", "eq", "lt", "le", "where", *MOVES})


def name_of(cluster: Cluster) -> str:
    """`layer.phase.operations`, such as `encoder.0.forward.matmul+add`; at most three operations are named."""
    lead = next((value for value in cluster.roles if value.primitive.name == "matmul"), None) or _most_noted(cluster)
    owner = lead.note.layer or lead.note.kind
    telling = dict.fromkeys(value.primitive.name for value in cluster.roles if value.primitive.name not in _SMALL)
    named = list(telling) or list(dict.fromkeys(value.primitive.name for value in cluster.roles))
    what = "+".join(named[:3]) + ("+…" if len(named) > 3 else "")
    return ".".join(part for part in (owner, lead.note.phase, what) if part)


def _most_noted(cluster: Cluster) -> Apply:
    """A value of the layer that most of the cluster's values belong to."""
    counts: dict[tuple[str, str], list[Apply]] = {}
    for value in cluster.roles:
        counts.setdefault((value.note.layer, value.note.kind), []).append(value)
    return max(counts.values(), key=len)[-1]
