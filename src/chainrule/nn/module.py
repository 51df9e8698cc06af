"""The base of all layers and models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from chainrule._tensor import RemovableHook, Tensor
from chainrule.core.changes import changes
from chainrule.core.dtype import DTypeLike, as_dtype, float32, float64, is_floating
from chainrule.core.modes import is_grad_enabled, no_grad, state
from chainrule.core.steering import Named, names_in_methods
from chainrule.errors import ArgumentError, DTypeError
from chainrule.nn.backward_hooks import BackwardHook, Passage
from chainrule.nn.parameter import Parameter
from chainrule.nn.scope import within
from chainrule.nn.state import LoadReport, load_state, state_of
from chainrule.nn.summary import Summary, summarise
from chainrule.nn.training import TrainingMethods

# What `Module.__new__` makes: their content is told by itself where it decides anything.
_REGISTRIES = ("_parameters", "_buffers", "_modules", "_transient")
ForwardHook = Callable[["Module", tuple[Any, ...], Any], Any]
ForwardPreHook = Callable[["Module", tuple[Any, ...]], Any]


class Module(TrainingMethods):
    """A layer or model: weights, buffers, modules within it, and `forward`, which says what it computes.

    What is assigned to an attribute is registered by its kind: a `Parameter` as a weight, a `Module` as a child. State
    that is not trained (a running mean) is registered with `register_buffer`.

    Attributes:
        training: True in training, False in evaluation: see `train` and `eval`.

    >>> class Double(cr.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.linear = cr.nn.Linear(2, 2)
    ...
    ...     def forward(self, x):
    ...         return 2 * self.linear(x)
    >>> [name for name, _ in Double().named_parameters()]
    ['linear.weight', 'linear.bias']
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        # Here rather than in __init__, so that a subclass that forgets super().__init__() works all the same.
        module = super().__new__(cls)
        set_plain = object.__setattr__
        for registry in ("_parameters", "_buffers", "_modules"):
            set_plain(module, registry, {})
        set_plain(module, "_transient", set())
        set_plain(module, "_forward_hooks", [])
        set_plain(module, "_forward_pre_hooks", [])
        set_plain(module, "_backward_hooks", [])
        set_plain(module, "training", True)
        state.interpreter.made(module)
        return module

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes. Every module defines its own; call the module itself rather than this."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define forward(self, x)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, with the hooks around it."""
        with within(self):
            for pre_hook in tuple(self._forward_pre_hooks):
                changed = pre_hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
            passage = Passage(self, args) if self._backward_hooks and is_grad_enabled() else None
            out = self.forward(*(passage.args if passage else args), **kwargs)
            for hook in tuple(self._forward_hooks):
                changed = hook(self, args, out)
                out = out if changed is None else changed
            return passage.leave(out) if passage else out

    # Registering

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._parameters and isinstance(value, Tensor) and not isinstance(value, Parameter):
            raise DTypeError(
                "a weight is replaced by a Parameter, or its value is changed in place.",
                where=f"{type(self).__name__}.{name}",
                expected="a Parameter",
                got="a Tensor",
                remedy="nn.Parameter(value); or with chainrule.no_grad(): layer.weight.copy_(value)",
            )
        registry = self._registry_for(name, value)
        if (self.__dict__ if registry is None else registry).get(name) is not value:
            changes.steering += 1
            state.interpreter.sets(self, name)
        for other in (self._parameters, self._buffers, self._modules, self.__dict__):
            if other is not registry:
                other.pop(name, None)
        if registry is None:
            object.__setattr__(self, name, value)
        else:
            registry[name] = value

    def _registry_for(self, name: str, value: Any) -> dict[str, Any] | None:
        """Where an attribute belongs by its kind; None for a plain one."""
        if isinstance(value, Parameter) or (value is None and name in self._parameters):
            return self._parameters
        if isinstance(value, Module):
            return self._modules
        return self._buffers if name in self._buffers and (value is None or isinstance(value, Tensor)) else None

    def __getattr__(self, name: str) -> Any:
        for registry in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(registry, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        changes.steering += 1
        registries: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._modules)
        for registry in registries:
            if name in registry:
                del registry[name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Register a weight; None keeps the name without one (a layer without bias)."""
        _check_name(name)
        self._parameters[name] = param
        changes.steering += 1

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Register state that is not trained; with `persistent=False` it is left out of `state_dict`."""
        _check_name(name)
        self._buffers[name] = tensor
        if not persistent:
            self._transient.add(name)
        changes.steering += 1

    def add_module(self, name: str, module: Module) -> None:
        """Register a child under a name that need not be an attribute's."""
        _check_name(name)
        if not isinstance(module, Module):
            raise DTypeError("a child must be a module.", where=name, got=type(module).__name__)
        self._modules[name] = module
        changes.steering += 1

    # Going through

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all within it, each once, with dotted names; this one's is the prefix."""
        seen: set[int] = set()

        def visit(module: Module, name: str) -> Iterator[tuple[str, Module]]:
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                for child_name, child in module._modules.items():
                    yield from visit(child, f"{name}.{child_name}" if name else child_name)

        return visit(self, prefix)

    def modules(self) -> Iterator[Module]:
        """This module and all within it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly within this one, with their names."""
        return iter(self._modules.items())

    def children(self) -> Iterator[Module]:
        """The modules directly within this one."""
        return iter(self._modules.values())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The weights with their dotted names, each once, also where modules share them."""
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The weights, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names, each once."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named(self, registry: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for module_name, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, item in getattr(module, registry).items():
                if item is not None and id(item) not in seen:
                    seen.add(id(item))
                    yield f"{module_name}.{name}" if module_name else name, item

    def get_submodule(self, target: str) -> Module:
        """The module with this dotted name; "" is this one."""
        found = dict(self.named_modules()).get(target)
        if found is None:
            raise ArgumentError(f"there is no module called {target!r}.", where=type(self).__name__)
        return found

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` with every module, the inner ones first: for initialising weights, say."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # Modes and weights

    def train(self, mode: bool = True) -> Self:
        """Put this and all modules within it into training (dropout drops, BatchNorm uses the batch)."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put this and all modules within it into evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all weights with False; train them again with True."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all weights (or set them to zeros)."""
        for parameter in self.parameters():
            parameter.grad = None if set_to_none or parameter.grad is None else parameter.grad.zeros_like()

    def to(self, target: DTypeLike) -> Self:
        """All floating weights and buffers in another floating dtype, in place; `to("cpu")` changes nothing.

        Raises:
            DTypeError: If the dtype is not floating.
            DeviceError: For a device other than the CPU.
        """
        if isinstance(target, str) and not target.startswith(("float", "int", "uint", "bool")):
            Tensor(0.0).to(target)
            return self
        dtype = as_dtype(target)
        if not is_floating(dtype):
            raise DTypeError("weights are floating.", expected="float32 or float64", got=dtype)
        with no_grad():
            for tensor in [*self.parameters(), *self.buffers()]:
                if is_floating(tensor.dtype) and tensor.dtype != dtype:
                    requires_grad = tensor.requires_grad
                    tensor.rebind(tensor.to(dtype).node)
                    tensor.requires_grad_(requires_grad)
        return self

    def float(self) -> Self:
        """All weights and buffers as float32, in place."""
        return self.to(float32)

    def double(self) -> Self:
        """All weights and buffers as float64, in place."""
        return self.to(float64)

    # State

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """All weights and persistent buffers by dotted name, as they are now: later steps do not change them."""
        return state_of(self, prefix)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadReport:
        """Take over weights and buffers by name. Nothing is changed unless everything fits.

        Args:
            state_dict: Tensors or arrays by dotted name, as `state_dict` gives them. (PyTorch's, whose layouts are
                others, go through `chainrule.interop.load_pytorch`.)
            strict: Whether missing and unexpected names are errors; misshapen entries always are.

        Returns:
            The names that were missing and unexpected.

        Raises:
            StateDictError: It names what is missing, unexpected or misshapen, with the shapes.
        """
        return load_state(self, state_dict, strict)

    # Hooks

    def register_forward_hook(self, hook: ForwardHook) -> RemovableHook:
        """Call `hook(module, args, output)` after each `forward`; what it returns, if anything, is the output."""
        changes.steering += 1
        self._forward_hooks.append(hook)
        return RemovableHook(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: ForwardPreHook) -> RemovableHook:
        """Call `hook(module, args)` before each `forward`; what it returns, if anything, are the arguments."""
        changes.steering += 1
        self._forward_pre_hooks.append(hook)
        return RemovableHook(self._forward_pre_hooks, hook)

    def register_full_backward_hook(self, hook: BackwardHook) -> RemovableHook:
        """Call `hook(module, grad_input, grad_output)` when the gradient has passed the module on its way back.

        Both are tuples: `grad_input` has one entry for each positional argument, None for those without gradient;
        `grad_output` has one entry. What the hook returns, if anything, replaces `grad_input`. The module must have
        one input that requires a gradient (or none), and one output.
        """
        changes.steering += 1
        self._backward_hooks.append(hook)
        return RemovableHook(self._backward_hooks, hook)

    # What decides which operations are done: see core.steering

    def steering(self, named: frozenset[str]) -> dict[str, Any]:
        """The weights, buffers and modules that it has, its mode and hooks, and all attributes that code names."""
        kind: type = type(self)
        named |= names_in_methods(kind, Module)
        return {
            **{name: value for name, value in self.__dict__.items() if name in named and name not in _REGISTRIES},
            **self._parameters,
            **self._buffers,
            **self._modules,
            "training": self.training,
            "hooks": (*self._forward_hooks, *self._forward_pre_hooks, *self._backward_hooks),
        }

    def steering_parts(self) -> Iterator[tuple[str, Module]]:
        """This module and all within it."""
        return self.named_modules()

    def steering_tensors(self) -> Iterator[Named]:
        """The weights and buffers."""
        for name, tensor in [*self.named_parameters(), *self.named_buffers()]:
            yield Named(name, tensor)

    # Display

    def summary(self, input_shape: Any = None, *, dtype: DTypeLike | None = None) -> Summary:
        """A table of the layers: names, kinds, output shapes, parameters and FLOPs; print it.

        No numbers are computed and nothing is changed, whatever the sizes.

        Args:
            input_shape: The shape of one row, without the batch, such as (28, 28, 1); or an example batch. A list of
                these for a model of several inputs. None: a table without shapes and FLOPs.
            dtype: The dtype of the inputs, where shapes are given: the weights' own if None; `int64` for indices.

        Returns:
            The table: `rows`, and the totals `parameters`, `trainable`, `frozen`, `flops`, `weight_bytes`.

        Raises:
            ShapeError: If the input does not fit; it names the layer.

        >>> model = cr.nn.Sequential(cr.nn.Linear(4, 8), cr.nn.Linear(8, 1))
        >>> print(model.summary((4,)))
        Sequential for rows of (4,)
        layer  kind    output  parameters  FLOPs a row
        0      Linear  (N, 8)          40           72
        1      Linear  (N, 1)           9           17
        49 parameters (49 trained, 0 frozen), 196 B; 89 FLOPs a row forward
        """
        return summarise(self, input_shape, dtype)

    def extra_repr(self) -> str:
        """What stands between the brackets in the printed form: a layer's sizes and settings."""
        return ""

    def __repr__(self) -> str:
        head, inner = type(self).__name__, list(self.named_children())
        if not inner:
            return f"{head}({self.extra_repr()})"
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in inner]
        return f"{head}(\n  " + "\n  ".join([*filter(None, [self.extra_repr()]), *lines]) + "\n)"

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})


def _check_name(name: str) -> None:
    if not name or "." in name:
        raise ArgumentError("a name must not be empty or have a dot.", expected="a plain name", got=repr(name))
