"""NAdam."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.ops.creation import ones, zeros
from chainrule.optim.adam import bias_correction
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.moments import at_rest
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params


class NAdam(Optimizer):
    """Adam with Nesterov's look ahead, whose momentum grows towards `beta1` over the first steps.

    Source: Dozat (2016), Incorporating Nesterov Momentum into Adam; as in PyTorch.

    Args:
        params: See `Optimizer`.
        lr: The learning rate. Default: 0.002.
        betas: How much of the two running means is kept at each step. Default: (0.9, 0.999).
        eps: Keeps the division finite. Default: 1e-8.
        weight_decay: The L2 penalty: `weight_decay * w` is added to the gradient. Default: 0.
        momentum_decay: How fast the momentum grows: `beta1 * (1 - 0.96 ** (steps * momentum_decay) / 2)`.
            Default: 0.004.
        decoupled_weight_decay: Shrink the weights by `1 - lr * weight_decay` instead: NAdamW. Default: False.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.NAdam([w], lr=0.5)
    >>> for _ in range(20):
    ...     optimizer.zero_grad()
    ...     loss = (w**2).sum()
    ...     loss.backward()
    ...     optimizer.step()
    >>> loss.item() < 1
    True
    """

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "l1": l1,
                "maximize": maximize,
            },
        )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        return {
            "step": zeros((), dtype=param.dtype),
            "mu_product": ones((), dtype=param.dtype),
            "exp_avg": at_rest(param),
            "exp_avg_sq": at_rest(param),
        }

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        step, product, mean, square = (state[name] for name in ("step", "mu_product", "exp_avg", "exp_avg_sq"))
        first, second = hyper.decays
        step.add_(1)
        mean.copy_(first.keeps * mean + first.takes * grad)
        square.copy_(second.keeps * square + second.takes * grad * grad)
        now = first.keeps * (1 - 0.5 * 0.96 ** (step * hyper.momentum_decay))
        following = first.keeps * (1 - 0.5 * 0.96 ** ((step + 1) * hyper.momentum_decay))
        product.mul_(now)
        ahead = (1 - now) / (1 - product) * grad + following / (1 - product * following) * mean
        scale = square.sqrt() / bias_correction(second, step).sqrt() + hyper.eps
        param.copy_(param - hyper.lr * ahead / scale)
