"""Names of kernels: whose they are, and what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from chainrule.compiler.fuse.clusters import Cluster
from chainrule.compiler.fuse.kinds import is_contraction, is_reduction, is_whole
from chainrule.compiler.fuse.moves import MOVES
from chainrule.compiler.kernel import Kernel
from chainrule.graph import Apply, Note

# What says little of a kernel beside its other operations.
_SMALL = frozenset({"cast", "not", "and", "or", "neg", "eq", "lt", "le", "where", *MOVES})
# So many operations are named.
_NAMED = 4


def name_of(cluster: Cluster) -> str:
    """`owner.phase.operations`, such as `encoder.0.forward.matmul+add+relu`.

    The owner is a layer, or the weight that the kernel updates. Operations of the owner's layer go by their own names,
    those that other layers and the optimizer have added go by the name of what they belong to: so
    `encoder.0.bias.backward.sum+adam` is a gradient that is used up at once.
    """
    lead, *others = notes_of(cluster)
    updated = {note.layer for note in (lead, *others) if note.phase == "update" and note.layer}
    owner = updated.pop() if len(updated) == 1 else lead.layer or lead.kind
    own = [value for value in cluster.roles if _belong_together(value.note, lead)]
    guests = dict.fromkeys(_guest(note, lead) for note in others if note.kind and not _belong_together(note, lead))
    nameless = [value for value in cluster.roles if not value.note.kind and value not in own]
    first = _operations(own)
    last = [name for name in (*guests, *_operations(nameless)) if name not in first]
    # Of each at least one is named.
    named = [*first[: max(_NAMED - len(last), 1)], *last][:_NAMED]
    what = "+".join(named) + ("+…" if len(first) + len(last) > len(named) else "")
    return ".".join(part for part in (owner, lead.phase, what) if part)


def notes_of(cluster: Cluster) -> tuple[Note, ...]:
    """Where a cluster's values come from, each place once; first the one that the kernel belongs to."""
    return tuple(dict.fromkeys([_lead(cluster), *(value.note for value in cluster.roles)]))


def uniquely_named(kernels: Sequence[Kernel]) -> tuple[Kernel, ...]:
    """The kernels; where several would have one name, with a number behind it."""
    counts: Counter[str] = Counter()
    named = []
    for kernel in kernels:
        counts[kernel.name] += 1
        number = counts[kernel.name]
        named.append(kernel if number == 1 else replace(kernel, name=f"{kernel.name} ({number})"))
    return tuple(named)


def _lead(cluster: Cluster) -> Note:
    """The place that a kernel belongs to: of what shapes it, else of most of its values."""
    values = list(cluster.roles)
    shaping = [value.note for value in values if is_contraction(value) or is_whole(value)]
    shaping = shaping or [value.note for value in values if is_reduction(value)]
    lead = shaping[-1] if shaping else Counter(value.note for value in values).most_common(1)[0][0]
    if lead.phase == "update" and len({value.note.layer for value in values}) > 1:
        # One kernel for many weights (the optimizer's counts of steps) belongs to none of them.
        return replace(lead, layer="")
    return lead


def _belong_together(note: Note, lead: Note) -> bool:
    return (note.kind, note.phase) == (lead.kind, lead.phase) and (note.layer == lead.layer or not lead.layer)


def _guest(note: Note, lead: Note) -> str:
    """What else is done in a kernel: by the class that it belongs to, or by the phase if that is the kernel's own."""
    return note.phase if (note.kind, note.layer) == (lead.kind, lead.layer) else note.kind.lower()


def _operations(values: Sequence[Apply]) -> list[str]:
    """The names of the operations; those that say little only where there are no others."""
    names = list(dict.fromkeys(value.primitive.name for value in values))
    return [name for name in names if name not in _SMALL] or names
