"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.ops.compare import where
from chainrule.ops.creation import zeros
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.moments import at_rest
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params
from chainrule.optim.subnormal import settled


class SGD(Optimizer):
    """Gradient descent: `w ← w - lr * g`, or, with momentum, `v ← momentum * v + g; w ← w - lr * v`.

    Momentum is PyTorch's: the learning rate stands outside of `v`, and the first step sets `v` to the gradient whatever
    the dampening. Sources: Polyak (1964) for momentum, Sutskever et al. (2013) for Nesterov's.

    Args:
        params: See `Optimizer`.
        lr: The learning rate. Default: 0.001.
        momentum: How much of the last step's velocity is kept, such as 0.9. Default: 0.
        dampening: The velocity takes in `1 - dampening` of the gradient. Default: 0.
        weight_decay: The L2 penalty: `weight_decay * w` is added to the gradient. Default: 0.
        nesterov: Look ahead along the velocity: descend along `g + momentum * v`. Default: False.
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a setting makes no sense, or `nesterov` comes without momentum or with dampening.

    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = cr.optim.SGD([w], lr=0.25)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.5000, -1.0000])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "l1": l1,
                "maximize": maximize,
            },
        )

    def check(self, group: ParamGroup) -> None:
        if group["nesterov"] and (not group["momentum"] or group["dampening"]):
            raise ArgumentError(
                "Nesterov's way needs momentum, and no dampening.",
                where="nesterov",
                got=f"momentum={group['momentum']}, dampening={group['dampening']}",
                remedy="momentum=0.9, dampening=0",
            )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        state = {"momentum_buffer": at_rest(param)} if group["momentum"] else {}
        if state and group["dampening"]:
            state["step"] = zeros((), dtype=param.dtype)
        return state

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        if "momentum_buffer" in state:
            velocity, taken_in = state["momentum_buffer"], grad
            if "step" in state:  # the first gradient is taken in whole
                taken_in = where(state["step"] == 0, 1.0, 1 - hyper.dampening) * grad
                state["step"].add_(1)
            velocity.copy_(settled(hyper.momentum * velocity + taken_in))
            grad = grad + hyper.momentum * velocity if hyper.nesterov else velocity
        param.copy_(param - hyper.lr * grad)
