"""Lion."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.moments import at_rest
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params


class Lion(Optimizer):
    """Steps of one size, along the sign of a momentum: `w ← w - lr * sign(beta1 * m + (1 - beta1) * g)`.

    Then `m ← beta2 * m + (1 - beta2) * g`. Weight decay is decoupled. As every weight moves by `lr`, learning rates are
    3 to 10 times smaller than Adam's, and weight decay as much larger. Source: Chen et al. (2023), Symbolic Discovery
    of Optimization Algorithms, algorithm 2, https://arxiv.org/abs/2302.06675.

    Args:
        params: See `Optimizer`.
        lr: The learning rate: how far each weight moves in a step. Default: 0.0001.
        betas: How much of the momentum is kept, for the step and for the memory. Default: (0.9, 0.99).
        weight_decay: How much the weights shrink, times `lr`. Default: 0.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.Lion([w], lr=0.25)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.7500, -1.7500])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "weight_decay": weight_decay,
                "decoupled_weight_decay": True,
                "l1": l1,
                "maximize": maximize,
            },
        )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        return {"exp_avg": at_rest(param)}

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        momentum, (beta1, beta2) = state["exp_avg"], hyper.betas
        param.copy_(param - hyper.lr * (beta1 * momentum + (1 - beta1) * grad).sign())
        momentum.copy_(beta2 * momentum + (1 - beta2) * grad)
