"""What every optimizer is: groups of parameters, what is remembered of each, and a step over them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from chainrule._tensor import Tensor
from chainrule.core.changes import changes
from chainrule.core.modes import Updated, enable_grad, no_grad, phase, state
from chainrule.core.steering import Named, names_in_methods
from chainrule.errors import ArgumentError, GradientError, UnknownNameError
from chainrule.ops.creation import zeros_like
from chainrule.ops.movement import cast
from chainrule.optim.group import Hyper, ParamGroup
from chainrule.optim.params import Params, read_group, read_groups, read_params
from chainrule.optim.state import load_state, state_of

State: TypeAlias = dict[str, Tensor]

# What all optimizers can do, and have switched off unless they say otherwise; a step does it before it calls `update`.
_COMMON = {"weight_decay": 0.0, "l1": 0.0, "decoupled_weight_decay": False, "maximize": False}
# What a group may hold besides its settings.
_NOTES = ("name", "initial_lr")


class Optimizer(ABC):
    """The base of all optimizers. One of your own has two short methods, `make_state` and `update`.

    Args:
        params: Tensors (`model.parameters()`), (name, tensor) pairs (`model.named_parameters()`), or groups: dicts with
            "params" and the settings that shall differ from the optimizer's own, as in PyTorch.
        defaults: The settings of groups that do not say otherwise. Those called `weight_decay`, `l1`,
            `decoupled_weight_decay` and `maximize` need no code in `update`: the gradient that it gets is that of
            `loss + l1 * sum(abs(w)) + weight_decay / 2 * sum(w ** 2)` (minus the loss if `maximize`), or, if decoupled,
            the weights have been multiplied by `1 - lr * weight_decay` instead.

    Attributes:
        param_groups: The groups. `group["lr"]` reads as a number, and `group["lr"] = 0.01` changes it from the next
            step on. Behind it stands a 0-d tensor, so that a compiled step stays what it is.
        state: What is remembered of each parameter: tensors by name.
        defaults: The settings as given.

    Raises:
        ArgumentError: If there are no parameters, one is no tensor, was computed from others, or comes twice; or if a
            setting makes no sense.
        UnknownNameError: If a group has a setting that this optimizer does not have.

    >>> class SignDescent(cr.optim.Optimizer):
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    ...     def make_state(self, param, group):
    ...         return {}
    ...     def update(self, param, grad, state, hyper):
    ...         param.copy_(param - hyper.lr * grad.sign())
    >>> w = cr.tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = SignDescent([w], lr=0.5)
    >>> (w**2).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([ 0.5000, -1.5000])
    """

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        self.defaults: dict[str, Any] = {**defaults, **{name: defaults.get(name, off) for name, off in _COMMON.items()}}
        self.param_groups: list[ParamGroup] = []
        self.state: dict[Tensor, State] = {}
        for group in read_groups(params):
            self.add_param_group(group)
        if not self.state:
            raise ArgumentError("there are no parameters to optimize.", where="params", got="empty groups")

    @abstractmethod
    def make_state(self, param: Tensor, group: ParamGroup) -> State:
        """What is to be remembered of `param` from step to step, as it is before the first."""

    @abstractmethod
    def update(self, param: Tensor, grad: Tensor, state: State, hyper: Hyper) -> None:
        """Change `param`, and what is remembered of it, in place.

        This is tensor code that runs under `no_grad`: assign with `copy_` and the like, and read no values.

        Args:
            param: The parameter.
            grad: Its gradient, with penalties.
            state: What `make_state` made for it.
            hyper: The settings of its group, as attributes; numbers are 0-d tensors of its dtype.
        """

    def check(self, group: ParamGroup) -> None:
        """Raise an error if the settings of a group do not go together."""
        return

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Update every parameter that has a gradient; parameters without one stay as they are.

        A step in which no parameter at all has a gradient is an error, where PyTorch does nothing: it means that
        `backward` was forgotten or that the loss does not depend on the parameters, and nothing would ever be learned.

        Args:
            closure: Clears the gradients, computes the loss, calls `backward`, returns the loss. Default: you did that.

        Returns:
            What the closure returned, if there is one.

        Raises:
            GradientError: If no parameter has a gradient.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if all(param.grad is None for group in self.param_groups for param in group["params"]):
            raise GradientError(
                "no parameter has a gradient, so there is nothing to learn from.",
                where=f"{type(self).__name__}.step",
                expected="loss.backward() before step()",
                remedy="is zero_grad() called between the two, or was the loss not computed from these parameters?",
            )
        with no_grad(), phase("update"):
            for group in self.param_groups:
                if group.revised or {param.dtype for param in group["params"]} != group.dtypes:
                    self._prepare(group)
            state.interpreter.steered_by(self, settled=True)
            for group in self.param_groups:
                self._step_group(group)
        return loss

    def _step_group(self, group: ParamGroup) -> None:
        params = group["params"]
        hypers = {dtype: Hyper(group, dtype) for dtype in group.dtypes}
        for param in params:
            if param.grad is not None:
                hyper = hypers[param.dtype]
                state.scope = Updated(param, type(self).__name__)
                self.update(param, _penalised(param, group, hyper), self.state[param], hyper)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, so that the next `backward` starts afresh.

        Args:
            set_to_none: False keeps gradients of 0 in their place. Default: True.
        """
        for group in self.param_groups:
            for param in group["params"]:
                param.grad = None if set_to_none or param.grad is None else zeros_like(param)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Take on more parameters, with settings of their own: `{"params": layer.parameters(), "lr": 0.01}`.

        Raises:
            ArgumentError: As the class.
            UnknownNameError: If this optimizer has no such setting.
        """
        settings = read_group(param_group)
        params, names = read_params(settings.pop("params"))
        if any(param in self.state for param in params):
            raise ArgumentError(
                "a parameter is in a group already.", where="params", expected="each parameter in one group only"
            )
        for name in settings:
            if name not in self.defaults and name not in _NOTES:
                raise UnknownNameError(f"setting of {type(self).__name__}", name, self.defaults)
        given = {"params": params} if names is None else {"params": params, "param_names": names}
        group = ParamGroup({**given, **self.defaults, **settings})
        self._prepare(group)
        self.param_groups.append(group)

    def _prepare(self, group: ParamGroup) -> None:
        """Make what must be remembered under the group's settings, in its weights' dtype; drop all else."""
        self.check(group)
        for param in group["params"]:
            fresh, state = self.make_state(param, group), self.state.setdefault(param, {})
            for name in state.keys() - fresh.keys():
                del state[name]
            for name, tensor in fresh.items():
                state[name] = cast(state[name], tensor.dtype) if name in state else tensor
        group.revised, group.dtypes = False, {param.dtype for param in group["params"]}
        changes.steering += 1

    @property
    def lr(self) -> float:
        """The learning rate: that of the first group; set, that of every group."""
        rate: float = self.param_groups[0]["lr"]
        return rate

    @lr.setter
    def lr(self, lr: float) -> None:
        for group in self.param_groups:
            group["lr"] = lr

    # Keras's name for it.
    learning_rate = lr

    def state_dict(self) -> dict[str, Any]:
        """Everything that is needed to go on as if nothing had happened, cut off from later steps.

        Returns:
            As PyTorch's: {"state": {0: {"exp_avg": tensor, ...}, 1: ...}, "param_groups": [{"lr": 0.1, ..., "params":
            [0, 1, ...]}, ...]}. Parameters are known by their position; settings are plain Python values.
        """
        return state_of(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave: of the same optimizer, over the same parameters in the same order.

        Raises:
            StateDictError: If it does not fit. Then nothing has been changed.
        """
        load_state(self, state_dict)

    # What decides which operations are done: see core.steering

    def steering(self, named: frozenset[str]) -> dict[str, Any]:
        """Which tensors it updates and remembers, its settings, and all attributes that code names."""
        named |= names_in_methods(type(self), Optimizer)
        told_below = ("param_groups", "state", "defaults")
        found = {name: value for name, value in vars(self).items() if name in named and name not in told_below}
        for number, group in enumerate(self.param_groups):
            found |= {f"param_groups[{number}][{name!r}]": value for name, value in group.steering().items()}
        remembered = [self.state[param].items() for group in self.param_groups for param in group["params"]]
        return {**found, "state": tuple(tuple(entry) for entries in remembered for entry in entries)}

    def steering_parts(self) -> list[tuple[str, Optimizer]]:
        """This optimizer."""
        return [("", self)]

    def steering_tensors(self) -> Iterator[Named]:
        """Its settings, and what it remembers of each parameter."""
        for group in self.param_groups:
            for name, number in group.tensors():
                yield Named(f"{type(self).__name__}.{name}", number)
        for param, remembered in self.state.items():
            for name, tensor in remembered.items():
                yield Named(name, tensor, param)

    def __repr__(self) -> str:
        lines = [
            f"  group {number}: {sum(param.numel() for param in group['params'])} weights, "
            + ", ".join(f"{name}={value!r}" for name, value in group.items() if name not in ("params", "param_names"))
            for number, group in enumerate(self.param_groups)
        ]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


def _penalised(param: Tensor, group: ParamGroup, hyper: Hyper) -> Tensor:
    """The gradient to descend along: with the derivatives of the penalties, unless they act on the weights directly."""
    grad: Tensor = -param.grad if group["maximize"] else param.grad  # type: ignore[operator,assignment]
    if group.is_on("l1"):
        grad = grad + hyper.l1 * param.sign()
    if group.is_on("weight_decay"):
        if group["decoupled_weight_decay"]:
            param.copy_(param * (1 - hyper.lr * hyper.weight_decay))
        else:
            grad = grad + hyper.weight_decay * param
    return grad
