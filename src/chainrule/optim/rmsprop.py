"""RMSprop."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.moments import at_rest
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradients: `w ← w - lr * g / (sqrt(mean of g²) + eps)`.

    Source: Tieleman and Hinton (2012), lecture 6.5 of Neural Networks for Machine Learning; the centered form is that
    of Graves (2013). As in PyTorch: `eps` stands outside of the root, and momentum gathers the divided gradients.

    Args:
        params: See `Optimizer`.
        lr: The learning rate. Default: 0.01.
        alpha: How much of the running mean is kept at each step. Default: 0.99.
        eps: Keeps the division finite. Default: 1e-8.
        weight_decay: The L2 penalty: `weight_decay * w` is added to the gradient. Default: 0.
        momentum: How much of the last step's velocity is kept. Default: 0.
        centered: Divide by the running standard deviation instead. Default: False.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.RMSprop([w], lr=0.05)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.5000, -1.5000])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "l1": l1,
                "maximize": maximize,
            },
        )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        wanted = ["square_avg"]
        wanted += ["grad_avg"] if group["centered"] else []
        wanted += ["momentum_buffer"] if group["momentum"] else []
        return {name: at_rest(param) for name in wanted}

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        square = state["square_avg"]
        square.copy_(hyper.alpha * square + (1 - hyper.alpha) * grad * grad)
        variance = square
        if "grad_avg" in state:
            mean = state["grad_avg"]
            mean.copy_(hyper.alpha * mean + (1 - hyper.alpha) * grad)
            # Where gradients hardly vary, rounding can take it below 0, and its root would be NaN.
            variance = (square - mean * mean).clip(min=0)
        step = grad / (variance.sqrt() + hyper.eps)
        if "momentum_buffer" in state:
            velocity = state["momentum_buffer"]
            velocity.copy_(hyper.momentum * velocity + step)
            step = velocity
        param.copy_(param - hyper.lr * step)
