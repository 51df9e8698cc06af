"""The network of a table: an encoder for each column, and a body from all that they give to the targets' outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule import nn
from chainrule._tensor import Tensor
from chainrule.augment import ViewAverage
from chainrule.columns.base import Target
from chainrule.columns.picture import Picture
from chainrule.core.abstract import shapes_only
from chainrule.core.dtype import int64
from chainrule.models import MLP
from chainrule.nn.losses import Loss
from chainrule.ops.creation import zeros
from chainrule.ops.layout import concatenate
from chainrule.ops.movement import cast
from chainrule.tables.preparation import Place, Preparation

# The bodies that there are, beside the models of pictures, which stand alone.
KINDS = ("linear", "mlp")


@dataclass(frozen=True)
class Architecture:
    """What a table's network is made of.

    Attributes:
        model: "mlp", "linear" (no hidden layers), or where pictures are the only input the name of a model.
        hidden: The units of each hidden layer.
        dropout: The probability of dropping a hidden unit in training.
        augment: How pictures are changed in training, by the names of `chainrule.augment`.
        flip_average: Whether what is said of a picture is the mean with what is said of its mirror image.
        shift_average: By so many pixels pictures are moved for further looks; 0 for none.
    """

    model: str
    hidden: tuple[int, ...] = ()
    dropout: float = 0.0
    augment: tuple[str, ...] = ()
    flip_average: bool = False
    shift_average: int = 0


class TableNetwork(nn.Module):
    """Encodes the columns of a row, joins what comes out, and computes the outputs from all of it.

    A linear layer beside the body adds what can be said without it, so that a table on which a linear model does well
    needs no rows to find that out: H. Cheng et al., "Wide & Deep Learning for Recommender Systems" (DLRS, 2016).

    Args:
        places: Where the columns of each encoder stand in a row.
        encoders: The networks of the columns, by the column's name; one for all columns of a type by the type's.
        body: From the joined encodings, (N, F), to the outputs.
        direct: The same, linear; None for none.

    Shape:
        (N, W), as `Preparation.apply` gives it, to (N, outputs).
    """

    def __init__(
        self,
        places: Mapping[str, Place],
        encoders: Mapping[str, nn.Module],
        body: nn.Module,
        direct: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self._places = [places[name] for name in encoders]
        self.columns = nn.ModuleDict({name.replace(".", "_"): encoder for name, encoder in encoders.items()})
        self.body = body
        self.direct = direct

    def forward(self, x: Tensor) -> Tensor:
        parts = [
            encoder(x[:, place.start : place.stop].reshape(-1, *place.shape))
            for place, encoder in zip(self._places, self.columns.values(), strict=True)
        ]
        joined = concatenate(parts, dim=1)
        outputs: Tensor = self.body(joined) if self.direct is None else self.body(joined) + self.direct(joined)
        return outputs


def build(preparation: Preparation, architecture: Architecture) -> nn.Module:
    """A fresh network for a prepared table."""
    count = sum(target.outputs for target in preparation.targets.values())
    if isinstance(preparation.alone, Picture):
        network = preparation.alone.encoder(count, architecture.model, architecture.augment)
        flip, shift = architecture.flip_average, architecture.shift_average
        return ViewAverage(dict(network.named_children()), flip=flip, shift=shift) if flip or shift else network
    places, encoders = _encoders(preparation, architecture.augment)
    width = sum(_features(encoders[name], place) for name, place in places.items())
    body = MLP(width, architecture.hidden, count, dropout=architecture.dropout)
    direct = nn.Linear(width, count) if architecture.hidden else None
    return TableNetwork(places, encoders, body, direct)


def _encoders(preparation: Preparation, augment: Sequence[str]) -> tuple[dict[str, Place], dict[str, nn.Module]]:
    """The networks of the columns, and where what they encode stands: columns of one type share one where they can."""
    places: dict[str, Place] = {}
    encoders: dict[str, nn.Module] = {}
    each = preparation.places
    for kind, group in groupby(preparation.inputs.items(), key=lambda item: type(item[1])):
        columns = dict(group)
        joint = kind.joint_encoder(list(columns.values())) if len(columns) > 1 else None
        if joint is None:
            encoders |= {
                name: column.encoder(augment=augment) if isinstance(column, Picture) else column.encoder()
                for name, column in columns.items()
            }
            places |= {name: each[name] for name in columns}
        else:
            first, *_, last = columns
            name = kind.kind if kind.kind not in preparation.inputs else f"{kind.kind}s"
            start, stop = each[first].start, each[last].stop
            places[name], encoders[name] = Place(start, stop, (stop - start,)), joint
    return places, encoders


def _features(encoder: nn.Module, place: Place) -> int:
    """How many features an encoder gives."""
    with shapes_only():
        shape: tuple[int, ...] = encoder(zeros(1, *place.shape)).shape
    return shape[-1]


class Goals(NamedTuple):
    """What a network is trained towards.

    Attributes:
        truth: What its loss takes for each row.
        loss: The loss of all targets.
        metrics: The names of what is measured in training.
    """

    truth: NDArray[Any]
    loss: Loss | Callable[[Tensor, Tensor], Tensor]
    metrics: Sequence[str]


def outputs(targets: Mapping[str, Target]) -> dict[str, slice]:
    """Which of the network's outputs are those of each target."""
    found, start = {}, 0
    for name, target in targets.items():
        found[name] = slice(start, start + target.outputs)
        start += target.outputs
    return found


def goals(targets: Mapping[str, Target], truths: Mapping[str, NDArray[Any]]) -> Goals:
    """What a network of these targets is trained towards; several losses are added."""
    if len(targets) == 1:
        [(name, target)] = targets.items()
        return Goals(truths[name], target.loss(), target.metrics)
    # Indices of classes are small whole numbers, which float32 holds exactly.
    columns = [truths[name].reshape(-1, 1).astype(np.float32) for name in targets]
    return Goals(np.concatenate(columns, axis=1), _joint(targets), ())


def _joint(targets: Mapping[str, Target]) -> Callable[[Tensor, Tensor], Tensor]:
    places = outputs(targets)
    parts = [(target.loss(), target.task == "multiclass", places[name]) for name, target in targets.items()]

    def joint_loss(output: Tensor, truth: Tensor) -> Tensor:
        losses = [
            loss(output[:, place], cast(truth[:, number], int64) if classes else truth[:, number : number + 1])
            for number, (loss, classes, place) in enumerate(parts)
        ]
        total: Tensor = sum(losses[1:], losses[0])
        return total

    return joint_loss
