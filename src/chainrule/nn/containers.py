"""Modules that hold others: in sequence, in a list, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from chainrule.errors import ArgumentError, DTypeError
from chainrule.nn.auto_init import auto_
from chainrule.nn.module import Module
from chainrule.nn.weighted import WeightedLayer


class Sequential(Module):
    """Modules one after another: each gets what the one before it gives.

    Args:
        modules: The modules in order; or one dict of them by name.
        init: None leaves the weights as the layers have drawn them. "auto" draws them anew, each by the activation
            that follows its layer (see `nn.init.auto_`); another name, such as "xavier_normal", takes that for all.

    Raises:
        UnknownNameError: For an initialiser that does not exist; the nearest is suggested.

    >>> model = cr.nn.Sequential(cr.nn.Linear(4, 8), cr.nn.ReLU(), cr.nn.Linear(8, 2))
    >>> model(cr.zeros(3, 4)).shape
    (3, 2)
    """

    def __init__(self, *modules: Module | Mapping[str, Module], init: str | None = None) -> None:
        super().__init__()
        for name, module in _named(modules):
            self.add_module(name, module)
        if init == "auto":
            auto_(self)
        elif init is not None:
            for layer in self.modules():
                if isinstance(layer, WeightedLayer):
                    layer.reset_parameters(init)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...

    @overload
    def __getitem__(self, index: slice) -> Sequential: ...

    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential(dict(list(self._modules.items())[index]))
        return list(self._modules.values())[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(list(self._modules)[index], module)


def _named(modules: tuple[Any, ...]) -> Iterable[tuple[str, Module]]:
    if len(modules) == 1 and isinstance(modules[0], Mapping):
        return modules[0].items()
    if len(modules) == 1 and isinstance(modules[0], (list, tuple)):
        raise DTypeError(
            "Sequential takes modules, not a list of them.", got="a list", remedy="Sequential(*modules), with the star"
        )
    return ((str(i), module) for i, module in enumerate(modules))


class ModuleList(Module):
    """A list of modules whose weights belong to the model; what is done with them is up to its `forward`.

    >>> layers = cr.nn.ModuleList([cr.nn.Linear(2, 2) for _ in range(3)])
    >>> len(list(layers.parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...

    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...

    def __getitem__(self, index: int | slice) -> Module:
        found = list(self._modules.values())[index]
        return ModuleList(found) if isinstance(found, list) else found

    def __setitem__(self, index: int, module: Module) -> None:
        if not -len(self) <= index < len(self):
            raise ArgumentError("there is no module at this place.", expected=f"below {len(self)}", got=index)
        self.add_module(str(index % len(self)), module)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a ModuleList computes nothing: go through it in your own forward, or use Sequential")


class ModuleDict(Module):
    """A dict of `modules` by name, whose weights belong to the model.

    >>> heads = cr.nn.ModuleDict({"price": cr.nn.Linear(4, 1), "kind": cr.nn.Linear(4, 3)})
    >>> heads["kind"](cr.zeros(2, 4)).shape
    (2, 3)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        for name, module in (modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Module:
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """The names and modules."""
        return self._modules.items()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a ModuleDict computes nothing: use its modules in your own forward")
