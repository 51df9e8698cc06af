"""Adam."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.ops.arithmetic import maximum
from chainrule.ops.creation import zeros
from chainrule.optim.group import Decay, Hyper, ParamGroup
from chainrule.optim.moments import at_rest
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params
from chainrule.optim.subnormal import settled, settled_squares


class Adam(Optimizer):
    """Steps along a running mean of the gradients, divided by the root of a running mean of their squares.

    `m ← beta1 * m + (1 - beta1) * g; v ← beta2 * v + (1 - beta2) * g²; w ← w - lr * m̂ / (sqrt(v̂) + eps)`, where m̂ and v̂
    are m and v divided by `1 - beta ** steps`, because they start at 0. Sources: Kingma and Ba (2015),
    https://arxiv.org/abs/1412.6980; Reddi et al. (2018) for AMSGrad. As in PyTorch.

    Args:
        params: See `Optimizer`.
        lr: The learning rate. Default: 0.001.
        betas: How much of the two running means is kept at each step. Default: (0.9, 0.999).
        eps: Keeps the division finite. Default: 1e-8.
        weight_decay: The L2 penalty: `weight_decay * w` is added to the gradient. Default: 0.
        amsgrad: Divide by the largest v so far. Default: False.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.
        decoupled_weight_decay: Shrink the weights by `1 - lr * weight_decay` instead: AdamW. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.Adam([w], lr=0.5)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.5000, -1.5000])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "l1": l1,
                "maximize": maximize,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        moments = ["exp_avg", "exp_avg_sq"] + (["max_exp_avg_sq"] if group["amsgrad"] else [])
        return {"step": zeros((), dtype=param.dtype), **{name: at_rest(param) for name in moments}}

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        step, mean, square = state["step"], state["exp_avg"], state["exp_avg_sq"]
        first, second = hyper.decays
        step.add_(1)
        mean.copy_(settled(first.keeps * mean + first.takes * grad))
        square.copy_(settled_squares(second.keeps * square + second.takes * grad * grad))
        if "max_exp_avg_sq" in state:
            square = state["max_exp_avg_sq"].copy_(maximum(state["max_exp_avg_sq"], square))
        # A product with a reciprocal root: one division an element less.
        scale = square.sqrt() * bias_correction(second, step).rsqrt() + hyper.eps
        param.copy_(param - hyper.lr / bias_correction(first, step) * mean / scale)


def bias_correction(decay: Decay, step: Tensor) -> Tensor:
    """`1 - beta ** step`: what a running mean that started at 0 has taken in of the values so far.

    Written so that float32 keeps its digits: `beta ** step` is close to 1 at first, and the difference would lose them.
    """
    return -(step * decay.log).expm1()
