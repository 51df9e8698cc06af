"""Adagrad."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.ops.creation import full_like, zeros
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params


class Adagrad(Optimizer):
    """Steps that get smaller for weights whose gradients have been large: `w ← w - lr * g / (sqrt(sum of g²) + eps)`.

    Source: Duchi, Hazan, Singer (2011), Adaptive Subgradient Methods; as in PyTorch.

    Args:
        params: See `Optimizer`.
        lr: The learning rate. Default: 0.01.
        lr_decay: The learning rate is divided by `1 + lr_decay * (steps taken before)`. Default: 0.
        weight_decay: The L2 penalty: `weight_decay * w` is added to the gradient. Default: 0.
        initial_accumulator_value: What the sum of squares starts at. Default: 0.
        eps: Keeps the division finite. Default: 1e-10.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.Adagrad([w], lr=0.5)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.5000, -1.5000])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "l1": l1,
                "maximize": maximize,
            },
        )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        return {
            "step": zeros((), dtype=param.dtype),
            "sum": full_like(param, group["initial_accumulator_value"]),
        }

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        step, total = state["step"], state["sum"]
        lr = hyper.lr / (1 + step * hyper.lr_decay)
        step.add_(1)
        total.copy_(total + grad * grad)
        param.copy_(param - lr * grad / (total.sqrt() + hyper.eps))
