"""Batch normalisation."""

from __future__ import annotations

from typing import Any

from chainrule._tensor import Tensor
from chainrule.core.dtype import DTypeLike
from chainrule.core.modes import no_grad
from chainrule.core.shape import Shape, size
from chainrule.errors import ShapeError
from chainrule.nn.arguments import between, weight_dtype, whole
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter
from chainrule.nn.spatial import check_channels_last
from chainrule.ops.convert import as_floating
from chainrule.ops.creation import ones, zeros


class _BatchNorm(Module):
    """Normalisation of each channel over everything else."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        self.num_features = whole(self, "num_features", num_features)
        self.eps = between(self, "eps", eps, 0.0, 1.0)
        self.momentum = None if momentum is None else between(self, "momentum", momentum, 0.0, 1.0)
        self.affine = affine
        self.track_running_stats = track_running_stats
        kind: Any = weight_dtype(self, dtype)
        self.register_parameter("weight", Parameter(ones(num_features, dtype=kind)) if affine else None)
        self.register_parameter("bias", Parameter(zeros(num_features, dtype=kind)) if affine else None)
        self.register_buffer("running_mean", zeros(num_features, dtype=kind) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, dtype=kind) if track_running_stats else None)
        if track_running_stats:
            self.register_buffer("num_batches_tracked", zeros(dtype="int64"))

    def check(self, shape: Shape) -> None:
        """Raise unless inputs may have this shape."""
        raise NotImplementedError

    def forward(self, input: Tensor) -> Tensor:
        x = as_floating(input)
        self.check(x.shape)
        if self.training or self.running_mean is None or self.running_var is None:
            distance, var = self._from_batch(x)
        else:
            distance, var = x - self.running_mean, self.running_var
        out = distance * (var + self.eps).rsqrt()
        return out if self.weight is None or self.bias is None else out * self.weight + self.bias

    def _from_batch(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Distances from the batch's mean, and the batch's variance; in training both are remembered."""
        count = size(x.shape[:-1])
        if count < 2:
            raise ShapeError(
                "there is only one value a channel, which has no spread.",
                expected="a batch of at least two rows in training",
                got=x.shape,
                remedy="a larger batch (or drop_last=True, if the last one is short); model.eval() for a single row",
            )
        dims = tuple(range(x.ndim - 1))
        mean = x.mean(dim=dims)
        distance = x - mean
        var = (distance * distance).mean(dim=dims)
        if self.training and self.running_mean is not None and self.running_var is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
                share = 1 / self.num_batches_tracked.to(mean.dtype) if self.momentum is None else self.momentum
                self.running_mean.add_((mean - self.running_mean) * share)
                self.running_var.add_((var * (count / (count - 1)) - self.running_var) * share)
        return distance, var

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Each feature with mean 0 and variance 1 over the batch, then scaled and shifted: see `BatchNorm2d`.

    Shape:
        (N, C) or (N, L, C), channels last, to the same.

    >>> y = cr.nn.BatchNorm1d(3)(cr.randn(100, 3) * 5 + 2)
    >>> bool((y.mean(dim=0).abs() < 1e-5).all())
    True
    """

    def check(self, shape: Shape) -> None:
        if len(shape) == 2 and shape[-1] != self.num_features:
            raise ShapeError(
                f"the input must have {self.num_features} features.",
                expected=f"(N, {self.num_features}) or (N, L, {self.num_features})",
                got=shape,
                remedy=f"BatchNorm1d({shape[-1]}), or check the layer before it",
            )
        if len(shape) != 2:
            check_channels_last(shape, 1, self.num_features)


class BatchNorm2d(_BatchNorm):
    """Each channel with mean 0 and variance 1 over batch and picture, then scaled and shifted.

    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift" (ICML 2015). In training mean and variance are the batch's (the variance divided by the count), and the
    running ones follow: `running += momentum * (batch - running)`, with the variance divided by the count - 1, as
    in PyTorch. In evaluation the running ones are used, so that a row's result does not depend on the others.

    Args:
        num_features: The number of channels.
        eps: Added to the variance, so that nothing is divided by 0.
        momentum: By how much the running statistics follow each batch; None: they are the mean over all batches.
        affine: Whether to scale and shift: weight 1 and bias 0 at first.
        track_running_stats: Whether there are running statistics; without them the batch's are used in evaluation too.
        dtype: float32 or float64; the default dtype if None.

    Attributes:
        weight: (num_features,), ones at first; None unless `affine`.
        bias: (num_features,), zeros at first; None unless `affine`.
        running_mean: (num_features,), zeros at first.
        running_var: (num_features,), ones at first.
        num_batches_tracked: How many batches it has seen in training.

    Shape:
        (N, H, W, C), channels last, to the same.

    Raises:
        ShapeError: When called with an input of another form; in training with one value a channel.

    >>> layer = cr.nn.BatchNorm2d(3)
    >>> layer(cr.ones(2, 4, 4, 3)).shape, layer.running_mean
    ((2, 4, 4, 3), tensor([0.1000, 0.1000, 0.1000]))
    """

    def check(self, shape: Shape) -> None:
        check_channels_last(shape, 2, self.num_features)
