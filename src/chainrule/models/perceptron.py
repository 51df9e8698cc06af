"""Rosenblatt's perceptron: one unit with a step, and the learning rule that came before gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule._tensor import Tensor
from chainrule.core.modes import no_grad
from chainrule.data import check_inputs, check_lengths, check_several_classes, check_targets
from chainrule.errors import ArgumentError, LabelError, ShapeError
from chainrule.nn import Module, Parameter
from chainrule.nn.arguments import whole
from chainrule.nn.functional import step
from chainrule.ops.convert import as_floating
from chainrule.ops.creation import tensor, zeros


class PerceptronHistory(NamedTuple):
    """How learning went.

    Attributes:
        mistakes: How many rows were answered wrongly in each epoch, at the moment they were seen.
        separable: True if all rows were learned, so that a line separates the classes; False if it is certain that
            none does; None if the epochs were too few to tell.
    """

    mistakes: list[int]
    separable: bool | None


class Perceptron(Module):
    """`step(x @ weight + bias)`: yes (1) on one side of a line, no (0) on the other.

    F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain"
    (Psychological Review, 1958). The step's derivative is 0 everywhere, so no gradient can train it; its own rule
    does: after every row, `weight += lr * (target - output) * x`. If a line separates the classes, the rule finds one
    (A. Novikoff, 1962). It learns AND and OR; XOR it cannot learn (M. Minsky, S. Papert, "Perceptrons", 1969).

    Args:
        inputs: The number of features.
        lr: The step of the rule. As the weights begin at 0, it scales them and changes no answer.

    Attributes:
        weight: (inputs,), zeros at first.
        bias: A single number, 0 at first.

    Shape:
        (N, inputs) to (N,).

    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> model = Perceptron(2)
    >>> history = model.fit(x, y)
    epoch 1: 2 of 4 rows wrong
    epoch 2: 3 of 4 rows wrong
    epoch 3: 3 of 4 rows wrong
    epoch 4: 2 of 4 rows wrong
    epoch 5: 1 of 4 rows wrong
    epoch 6: 0 of 4 rows wrong
    learned: a line separates the two classes
    >>> model(cr.tensor(x)).tolist()
    [0.0, 0.0, 0.0, 1.0]
    """

    def __init__(self, inputs: int, lr: float = 1.0) -> None:
        super().__init__()
        if not lr > 0:
            raise ArgumentError("the step of the rule must be positive.", where="Perceptron", expected="lr > 0", got=lr)
        self.lr = lr
        self.weight = Parameter(zeros(whole(self, "inputs", inputs)))
        self.bias = Parameter(zeros())

    def forward(self, input: Tensor) -> Tensor:
        x = as_floating(input)
        if x.shape[-1:] != self.weight.shape:
            raise ShapeError(
                "the rows have another number of features.", expected=f"(N, {self.weight.shape[0]})", got=x.shape
            )
        return step(x @ self.weight + self.bias)

    def fit(  # type: ignore[override]  # what a gradient's training takes has no meaning here
        self, x: Any, y: Any, epochs: int = 100, verbose: bool = True
    ) -> PerceptronHistory:
        """Learn by Rosenblatt's rule, row by row in the order given, until an epoch passes without a mistake.

        That a line exists shows itself when every row is right. That none exists shows itself too: if the weights come
        back to where they were after an earlier epoch, they go round for ever, and with a line they could not.

        Args:
            x: (N, inputs), numbers.
            y: (N,), each 0 or 1.
            epochs: At most this many times over all rows.
            verbose: Whether to print each epoch's mistakes, and what they mean.

        Returns:
            The mistakes of each epoch, and whether a line separates the classes.

        Raises:
            LabelError: For targets other than 0 and 1.
            SingleClassError: If all targets are the same.
            ShapeError, DataLengthError, EmptyDataError, NonFiniteDataError: For data that do not fit.
        """
        rows, targets = self._read(x, y)
        whole(self, "epochs", epochs)
        say = print if verbose else _silent
        mistakes: list[int] = []
        been: dict[tuple[float, ...], int] = {}
        for epoch in range(1, epochs + 1):
            mistakes.append(self._epoch(rows, targets))
            say(f"epoch {epoch}: {mistakes[-1]} of {len(rows)} rows wrong")
            if mistakes[-1] == 0:
                say(f"learned: {self._divider('a')} separates the two classes")
                return PerceptronHistory(mistakes, True)
            first = been.setdefault((*self.weight.tolist(), self.bias.item()), epoch)
            if first != epoch:
                say(
                    f"cannot be learned: the weights are back where they were after epoch {first}, and so will go "
                    f"round for ever: {self._divider('no')} separates the two classes.\n"
                    "A network with a hidden layer can learn this: MLP"
                )
                return PerceptronHistory(mistakes, False)
        say(f"not learned in {epochs} epochs: more may be needed, or {self._divider('no')} separates the two classes")
        return PerceptronHistory(mistakes, None)

    def _read(self, x: Any, y: Any) -> tuple[Tensor, Tensor]:
        rows = check_inputs(x.detach().numpy() if isinstance(x, Tensor) else x)
        targets = check_targets(y.detach().numpy() if isinstance(y, Tensor) else y)
        count = check_lengths({"x": rows, "y": targets})
        if rows.ndim != 2 or rows.shape[1] != self.weight.shape[0] or targets.size != count:
            raise ShapeError(
                "the rows do not fit this perceptron.",
                where="Perceptron",
                expected=f"x of (N, {self.weight.shape[0]}) and y of (N,)",
                got=f"{rows.shape} and {targets.shape}",
            )
        targets = targets.reshape(-1)
        if not np.isin(targets, (0, 1)).all():
            raise LabelError(
                "a perceptron answers yes or no.",
                where="y",
                expected="each 0 or 1",
                got=f"values such as {targets[~np.isin(targets, (0, 1))][0]}",
                remedy="y = (y > 0).astype(int), if the classes are -1 and 1",
            )
        check_several_classes(targets)
        return tensor(rows, dtype=self.weight.dtype), tensor(targets, dtype=self.weight.dtype)

    def _epoch(self, rows: Tensor, targets: Tensor) -> int:
        """Go once over all rows; how many were wrong."""
        wrong = zeros()
        with no_grad():
            for row, target in zip(rows, targets, strict=True):
                error = target - self(row)
                self.weight.add_(error * row, alpha=self.lr)
                self.bias.add_(error, alpha=self.lr)
                wrong = wrong + error.abs()
        return int(wrong.item())

    def _divider(self, article: str) -> str:
        """What separates two classes in as many dimensions as there are inputs."""
        return f"{article} " + {1: "point", 2: "line", 3: "plane"}.get(self.weight.shape[0], "hyperplane")

    def extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, lr={self.lr}"


def _silent(text: str) -> None:
    """Say nothing."""
