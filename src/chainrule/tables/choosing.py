"""What is chosen where nobody has said: the network, the optimizer, the batches, by the data alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chainrule import models, nn, optim
from chainrule.augment import Mixing
from chainrule.augment import get as augmentation
from chainrule.columns.picture import Picture
from chainrule.errors import ArgumentError, UnknownNameError
from chainrule.tables.network import KINDS, Architecture
from chainrule.tables.preparation import Preparation
from chainrule.tables.settings import Settings


@dataclass(frozen=True)
class Plan:
    """How a table is trained on.

    Attributes:
        architecture: What the network is made of.
        optimizer: The optimizer's name.
        lr: Its learning rate at the start; None for the optimizer's own.
        batch_size: Rows an update; 0 for all of them.
        epochs: At most so many.
        patience: Epochs without improvement before training stops.
        because: What it is and for what, in a line.
        schedule: How the learning rate goes over all epochs; None for by the validation.
        optimizer_settings: Others of the optimizer's than its learning rate.
        norm_bias_factor: How many times as fast the biases of BatchNorm learn, and how many times less they decay.
    """

    architecture: Architecture
    optimizer: str
    lr: float | None
    batch_size: int
    epochs: int
    patience: int
    because: str = ""
    schedule: str | None = None
    optimizer_settings: dict[str, bool | float] = field(default_factory=dict)
    norm_bias_factor: float = 1.0

    def optimizer_of(self, network: nn.Module) -> optim.Optimizer:
        """The optimizer of a network's weights."""
        faster: list[nn.Parameter] = []
        if self.norm_bias_factor != 1:
            norms = (nn.BatchNorm1d, nn.BatchNorm2d)
            faster = [
                module.bias for module in network.modules() if isinstance(module, norms) and module.bias is not None
            ]
        apart = {id(bias) for bias in faster}
        others = [parameter for parameter in network.parameters() if id(parameter) not in apart]
        made = optim.get(
            self.optimizer,
            [{"params": params} for params in (others, faster) if params],
            lr=self.lr,
            **self.optimizer_settings,
        )
        for group in made.param_groups:
            if group["params"] and apart.issuperset(map(id, group["params"])):
                group["lr"] *= self.norm_bias_factor
                if "weight_decay" in group:
                    group["weight_decay"] /= self.norm_bias_factor
        return made


# From so many rows on a picture data set is large: fewer epochs do.
_LARGE = 10_000
# Fewer rows than these are soon learnt by heart.
_FEW = 2_000
# From so many on an epoch is long.
_MANY = 50_000


def choose(preparation: Preparation, rows: int, settings: Settings) -> Plan:
    """The plan for a table of which so many rows are trained on.

    Raises:
        UnknownNameError: For a model that there is not for such a table, or an optimizer; the nearest is suggested.
    """
    pictures = isinstance(preparation.alone, Picture)
    plan = _pictures(rows) if pictures else _columns(rows)
    said = {
        name: getattr(settings, name)
        for name in ("optimizer", "lr", "batch_size", "epochs", "patience", "schedule")
        if getattr(settings, name) is not None
    }
    if settings.model is not None:
        known = models.names() if pictures else list(KINDS)
        if settings.model not in known:
            raise UnknownNameError("model", settings.model, known)
        said["architecture"] = (
            Architecture("linear") if settings.model == "linear" else replace(plan.architecture, model=settings.model)
        )
    if "optimizer" in said and "lr" not in said:
        said["lr"] = None
    plan = replace(
        plan, **said, optimizer_settings=_optimizer_settings(settings), norm_bias_factor=settings.norm_bias_factor
    )
    if settings.augment or _averages(settings):
        _check_pictures(preparation, settings)
        looks = {name: getattr(settings, name) for name in ("augment", "flip_average", "shift_average")}
        plan = replace(plan, architecture=replace(plan.architecture, **looks))
    return replace(plan, because=f"{_shape(plan.architecture)}, for {rows:,} rows to train on")


def _optimizer_settings(settings: Settings) -> dict[str, bool | float]:
    said = {name: getattr(settings, name) for name in ("momentum", "nesterov", "weight_decay")}
    return {name: value for name, value in said.items() if value is not None}


def _averages(settings: Settings) -> bool:
    """Whether several looks at a picture are asked for."""
    return settings.flip_average or settings.shift_average > 0


def _check_pictures(preparation: Preparation, settings: Settings) -> None:
    """Raise an `ArgumentError` where there is nothing to augment.

    That is, where there are no pictures; or, for what concerns whole rows, where they are not the only input.
    """
    kinds = {name: column.kind for name, column in preparation.inputs.items()}
    whole = _averages(settings) or any(isinstance(augmentation(said), Mixing) for said in settings.augment)
    if Picture.kind not in kinds.values() or (whole and preparation.alone is None):
        raise ArgumentError(
            "pictures are mixed or averaged where they are all that there is."
            if whole
            else "only pictures are augmented.",
            where=next((name for name in ("flip_average", "shift_average") if getattr(settings, name)), "augment"),
            expected="a column of pictures" + (" alone" if whole else ""),
            got=", ".join(f"{name}: {kind}" for name, kind in kinds.items()),
        )


def _pictures(rows: int) -> Plan:
    return Plan(
        architecture=Architecture("cnn"),
        optimizer="adam",
        lr=0.001,
        batch_size=64,
        epochs=3 if rows >= _LARGE else 40,
        patience=10,
    )


def _columns(rows: int) -> Plan:
    batch_size = 32 if rows < _FEW else 128 if rows < _MANY else 512
    steps = -(-rows // batch_size)
    return Plan(
        architecture=Architecture("mlp", hidden=(256, 128), dropout=0.3 if rows < _FEW else 0.1),
        optimizer="adamw",
        lr=0.001,
        batch_size=batch_size,
        # Where an epoch is a few updates only, more of them.
        epochs=30 if rows >= _MANY else min(600, max(120, 6_000 // steps)),
        patience=10 if rows >= _MANY else min(75, max(15, 500 // steps)),
    )


def _shape(architecture: Architecture) -> str:
    if architecture.hidden:
        return f"hidden layers of {' and '.join(map(str, architecture.hidden))} units, dropout {architecture.dropout:g}"
    return "no hidden layer" if architecture.model == "linear" else f"the model {architecture.model!r} over pictures"
