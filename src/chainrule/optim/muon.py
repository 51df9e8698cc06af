"""Muon, for the matrices of hidden layers, and the filters of convolutions."""

from __future__ import annotations

import math
from typing import Literal

from chainrule._tensor import Tensor
from chainrule.errors import ArgumentError
from chainrule.ops.creation import eye
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.moments import at_rest
from chainrule.optim.optimizer import Optimizer, State
from chainrule.optim.params import Params

# Rows so many times as long as there are of them are multiplied twice only.
_LONG = 2


class Muon(Optimizer):
    """Momentum whose steps are made orthogonal: all directions of a matrix are learned at one speed.

    It is for the matrices of hidden layers, and for the filters of convolutions, as matrices of a row an output.
    Biases, gains, embeddings and the output layer belong to another optimizer, usually AdamW; `MultiOptimizer` makes
    the two one, and `optim.get("muon", params)` gives them so.

    Sources: Jordan et al. (2024), https://kellerjordan.github.io/posts/muon/; Liu et al. (2025),
    https://arxiv.org/abs/2502.16982, for "match_rms_adamw". As in PyTorch, which takes no filters, and rounds the
    matrices to bfloat16 on the way; here they keep their dtype, and what is rounded changes a direction by a thousandth
    at the most. Weight decay is decoupled.

    Args:
        params: Matrices and filters, in the ways that `Optimizer` takes them.
        lr: The learning rate. Default: 0.001.
        weight_decay: How much the weights shrink, times `lr`. Default: 0.1.
        momentum: How much of the running mean of the gradients is kept. Default: 0.95.
        nesterov: Look ahead along it. Default: True.
        ns_coefficients: The polynomial of the Newton-Schulz iteration. Default: (3.4445, -4.775, 2.0315).
        eps: The least norm that a step is divided by. Default: 1e-7.
        ns_steps: How often the iteration is done. Default: 5.
        adjust_lr_fn: How the learning rate follows the matrix's shape (rows, columns): "original" multiplies it by
            `sqrt(max(1, rows / columns))`, "match_rms_adamw" by `0.2 * sqrt(max(rows, columns))`, so that AdamW's
            learning rate and weight decay can be used. Default: None, which is "original".
        l1: The L1 penalty: `l1 * sign(w)` is added to the gradient. Default: 0.
        maximize: Climb instead of descending. Default: False.

    Raises:
        ArgumentError: If a parameter has fewer than two dimensions, or a setting makes no sense.

    >>> w = cr.tensor([[1.0, 0.0], [0.0, -2.0]], requires_grad=True)
    >>> optimizer = cr.optim.Muon([w], lr=0.5)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> (w**2).sum().item() < 4
    True
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None,
        *,
        l1: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "decoupled_weight_decay": True,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
                "l1": l1,
                "maximize": maximize,
            },
        )

    def check(self, group: ParamGroup) -> None:
        for param in group["params"]:
            if param.ndim < 2:
                raise ArgumentError(
                    "Muon takes matrices and filters only.",
                    where="params",
                    expected="tensors of two dimensions or more",
                    got=f"one of shape {param.shape}",
                    remedy='leave the others to AdamW: optim.get("muon", model.parameters()), or MultiOptimizer',
                )

    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        return {"momentum_buffer": at_rest(param)}

    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        mean = state["momentum_buffer"]
        mean.copy_(hyper.momentum * mean + (1 - hyper.momentum) * grad)
        direction = hyper.momentum * mean + (1 - hyper.momentum) * grad if hyper.nesterov else mean
        direction = direction.reshape(len(param), -1)
        rows, columns = direction.shape
        direction = orthogonalised(direction, hyper.ns_coefficients, hyper.ns_steps, hyper.eps)
        if hyper.adjust_lr_fn == "match_rms_adamw":
            adjusted = 0.2 * math.sqrt(max(rows, columns))
        else:
            adjusted = math.sqrt(max(1, rows / columns))
        param.copy_(param - hyper.lr * adjusted * direction.reshape(param.shape))


def orthogonalised(matrix: Tensor, coefficients: tuple[Tensor, Tensor, Tensor], steps: int, eps: Tensor) -> Tensor:
    """Nearly the closest orthogonal matrix: the singular values become about 1 (0.5 to 1.5), the vectors stay.

    Each step of the Newton-Schulz iteration applies `a s + b s³ + c s⁵` to the singular values, by products alone.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.mT if tall else matrix
    x = x / x.norm().clip(min=eps)
    by_gram = x.shape[1] >= _LONG * x.shape[0] and steps > 0
    x = _by_gram(x, coefficients, steps) if by_gram else _step_by_step(x, coefficients, steps)
    return x.mT if tall else x


def _step_by_step(x: Tensor, coefficients: tuple[Tensor, Tensor, Tensor], steps: int) -> Tensor:
    a, b, c = coefficients
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x


def _by_gram(x: Tensor, coefficients: tuple[Tensor, Tensor, Tensor], steps: int) -> Tensor:
    """The same by products of x @ x.mT, which is small: each step multiplies x by a polynomial of that matrix.

    Such polynomials commute, so that of the next step follows from it as well. Only the first and the last product are
    of the long rows.
    """
    a, b, c = coefficients
    gram = x @ x.mT
    first = a * eye(len(gram), dtype=x.dtype)
    factor = step = first + b * gram + c * (gram @ gram)
    for _ in range(steps - 1):
        gram = step @ gram @ step
        step = first + b * gram + c * (gram @ gram)
        factor = step @ factor
    return factor @ x
