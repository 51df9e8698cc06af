"""AdamW."""

from __future__ import annotations

from chainrule.optim.adam import Adam
from chainrule.optim.params import Params


class AdamW(Adam):
    """Adam with decoupled weight decay: each step also multiplies the weights by `1 - lr * weight_decay`.

    Source: Loshchilov and Hutter (2019), https://arxiv.org/abs/1711.05101; as in PyTorch.

    Args:
        params: See `Optimizer`.
        lr: The learning rate. Default: 0.001.
        betas: How much of the two running means is kept at each step. Default: (0.9, 0.999).
        eps: Keeps the division finite. Default: 1e-8.
        weight_decay: How much the weights shrink, times `lr`. Default: 0.01.
        amsgrad: Divide by the largest second moment so far. Default: False.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient (it is not decoupled). Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.AdamW([w], lr=0.5, weight_decay=0.1)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.4500, -1.4000])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, l1=l1, maximize=maximize, decoupled_weight_decay=True
        )
