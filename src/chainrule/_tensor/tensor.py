"""The tensor: what the user holds. Nothing is worked out here; `ops` and `autodiff` do."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule._tensor.at import At
from chainrule._tensor.hook import RemovableHook
from chainrule._tensor.methods import Methods
from chainrule.autodiff import in_place
from chainrule.autodiff.walk import backward
from chainrule.core import display
from chainrule.core.changes import changes
from chainrule.core.device import CPU, Device, is_device
from chainrule.core.device import device as device_of
from chainrule.core.dtype import (
    DType,
    DTypeLike,
    Scalar,
    as_dtype,
    bool_,
    float32,
    float64,
    int32,
    int64,
    is_floating,
    uint8,
)
from chainrule.core.modes import no_grad, state
from chainrule.core.node import Handle, Node
from chainrule.core.shape import Shape
from chainrule.errors import DTypeError, GradientError, PicklingError, ShapeError
from chainrule.ops import (
    arithmetic,
    compare,
    contraction,
    creation,
    indexing,
    layout,
    random,
)
from chainrule.ops.convert import TensorLike
from chainrule.ops.movement import cast


class Tensor(Methods, Handle):
    """An array of numbers that remembers how it was computed, so that derivatives can be asked for.

    Args:
        data: Numbers, nested lists, or an array: see `chainrule.tensor`, which makes the same.
        dtype: float32 (the default), float64, int32, int64, uint8 or bool. Unlike `chainrule.tensor`, Python integers
            become floats here, as in PyTorch.
        requires_grad: Whether `backward` shall compute a gradient for it.

    Attributes:
        grad: The gradient that `backward` has added up, or None.

    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> y = x**2 + 3 * x + 1
    >>> y.backward()
    >>> x.grad
    tensor(7.)
    """

    __slots__ = ()
    # NumPy leaves operators between its arrays and tensors to us.
    __array_ufunc__ = None

    def __init__(self, data: Any, *, dtype: DTypeLike | None = None, requires_grad: builtins.bool = False) -> None:
        made = creation.tensor(data, dtype=dtype)
        if dtype is None and not hasattr(data, "dtype"):
            made = made.float()
        super().__init__(made.node)
        if requires_grad:
            self.requires_grad_()

    # What it is

    @property
    def shape(self) -> Shape:
        """The length of each dimension."""
        return self.node.shape

    @property
    def dtype(self) -> DType:
        """The dtype of its elements."""
        return self.node.dtype

    @property
    def ndim(self) -> builtins.int:
        """The number of dimensions."""
        return len(self.node.shape)

    @property
    def device(self) -> Device:
        """Where it lives: always "cpu"."""
        return CPU

    @property
    def nbytes(self) -> builtins.int:
        """The bytes its elements take."""
        return self.numel() * self.dtype.itemsize

    def size(self, dim: builtins.int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> builtins.int:
        """The number of dimensions."""
        return self.ndim

    def numel(self) -> builtins.int:
        """The number of elements."""
        return math.prod(self.shape)

    def is_floating_point(self) -> builtins.bool:
        """Whether its dtype is float32 or float64."""
        return is_floating(self.dtype)

    def __len__(self) -> builtins.int:
        if not self.shape:
            raise ShapeError("a 0-d tensor has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise ShapeError("a 0-d tensor cannot be gone through.")
        return iter(layout.unbind(self))

    def __repr__(self) -> str:
        return display.text(self.node)

    def __format__(self, spec: str) -> str:
        # A 0-d tensor reads as its number, as in PyTorch: f"{loss}", f"{loss:.4f}".
        known = self.node.value is not None and self.numel() == 1
        return format(self.item(), spec) if known and (spec or not self.shape) else repr(self)

    __hash__ = object.__hash__

    # Its values

    def numpy(self) -> np.ndarray:
        """Its values as a NumPy array (a copy, which may be changed).

        Raises:
            GradientError: If it requires a gradient: the array would not carry it.
            UntracedValueError: While only shapes are worked out.
        """
        if self.requires_grad:
            raise GradientError("the gradient would be lost in a NumPy array.", remedy="x.detach().numpy()")
        return self.read().copy()

    def item(self) -> Any:
        """Its one element as a Python number."""
        if self.numel() != 1:
            raise ShapeError(
                "item() needs a tensor of one element.", got=self.shape, remedy="tolist(), or sum() it first"
            )
        return self.read().item()

    def tolist(self) -> Any:
        """Its elements as nested Python lists."""
        return self.read().tolist()

    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray:
        found = self.read()
        if dtype is not None and dtype != found.dtype:
            return found.astype(dtype)
        if copy:
            return found.copy()
        view = found.view()
        view.flags.writeable = False
        return view

    def __dlpack__(self, **options: Any) -> Any:
        return self.read().copy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[Any, int]:
        return (1, 0)

    def __bool__(self) -> builtins.bool:
        if self.numel() != 1:
            raise ShapeError(
                "whether a tensor of several elements is true is not clear.",
                got=self.shape,
                remedy="use .any() or .all()",
            )
        return bool(self.item())

    def __float__(self) -> builtins.float:
        return float(self.item())

    def __int__(self) -> builtins.int:
        return int(self.item())

    def __index__(self) -> builtins.int:
        if is_floating(self.dtype) or self.dtype == bool_:
            raise DTypeError("only an integer tensor can be an index.", got=self.dtype, remedy="x.long()")
        return int(self.item())

    def __contains__(self, value: Any) -> builtins.bool:
        return bool((self == value).any())

    def __copy__(self) -> Tensor:
        if not self.is_leaf:
            raise GradientError(
                "only tensors that were not computed can be copied so.", got=repr(self), remedy="x.detach().clone()"
            )
        copied = builtins.type(self).__new__(builtins.type(self))
        Handle.__init__(copied, creation.detach(self).node)
        return copied.requires_grad_(self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        copied = self.__copy__()
        memo[id(self)] = copied
        if self.grad is not None:
            copied.grad = self.grad.detach().__copy__()
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise PicklingError(
            "a tensor cannot be pickled: files hold data, never code.",
            remedy="save x.detach().numpy(), or a model's state_dict as safetensors",
        )

    # Derivatives

    @property
    def requires_grad(self) -> builtins.bool:
        """Whether derivatives with respect to it, or through it, can be asked for."""
        return self.node.tracked

    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: builtins.bool = True) -> Tensor:
        """Ask for a gradient, or no longer; only for tensors that were not computed from others that do."""
        if not self.node.is_leaf and not requires_grad:
            raise GradientError("this tensor was computed from one that requires a gradient.", remedy="use detach()")
        state.interpreter.writes(self)
        if self.node.is_leaf and requires_grad != self.node.tracked:
            if requires_grad and not is_floating(self.dtype):
                raise GradientError("only floating tensors can require a gradient.", got=self.dtype, remedy="x.float()")
            again = Node(self.shape, self.dtype, state.interpreter.held(self), tracked=requires_grad)
            again.hooks = self.node.hooks
            self.node = again
            changes.tensors += 1
        if requires_grad and self.node.is_leaf:
            creation.own(self)
        return self

    @property
    def is_leaf(self) -> builtins.bool:
        """Whether it was made by the user rather than computed from tensors that require a gradient."""
        return self.node.is_leaf

    @property
    def grad_fn(self) -> str | None:
        """The name of the operation it was computed by, if derivatives lead through it."""
        return self.node.origin.primitive.name if self.node.origin else None

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: builtins.bool = False,
        create_graph: builtins.bool = False,
    ) -> None:
        """Add the derivative of this tensor with respect to every leaf that it depends on to the leaf's `.grad`.

        Args:
            gradient: What this tensor's own gradient is, in its shape; 1 for a tensor of one element.
            retain_graph: Keep what was remembered, so that `backward` can be called again.
            create_graph: Remember this walk too, so that the gradients can be differentiated. Implies `retain_graph`.

        Raises:
            GradientError: If it depends on nothing that requires a gradient, or is no single number and
                no gradient is given.
            FreedGraphError: If an earlier walk has given back what this one needs.
            InPlaceError: If a value that is needed was changed in place since.
        """
        backward(self, gradient, retain_graph=retain_graph, create_graph=create_graph)

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `.grad` too.

        Raises:
            GradientError: If it does not require a gradient.

        >>> x = cr.tensor(2.0, requires_grad=True)
        >>> y = x * x
        >>> y.retain_grad()
        >>> (y * 3).backward()
        >>> y.grad
        tensor(3.)
        """
        if not self.requires_grad:
            raise GradientError("there will be no gradient to keep.", remedy="requires_grad=True")
        creation.own(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHook:
        """Call `hook` with this tensor's gradient in `backward`; what it returns, if anything, replaces it."""
        if not self.requires_grad:
            raise GradientError("there will be no gradient to call the hook with.", remedy="requires_grad=True")
        self.node.hooks.append(hook)
        changes.steering += 1
        return RemovableHook(self.node.hooks, hook)

    # Dtypes and places

    def to(
        self, *target: DTypeLike | Tensor, dtype: DTypeLike | None = None, device: str | None = None, **_: Any
    ) -> Tensor:
        """In another dtype; `to("cpu")` is the tensor itself.

        Args:
            target: A dtype, a device, both, or a tensor whose dtype is taken.
            dtype: The dtype, by name.
            device: The device, by name: "cpu".

        Raises:
            DTypeError: For what is no dtype that chainrule has.
            DeviceError: For a device other than the CPU.

        >>> cr.tensor([1, 2]).to(cr.float32)
        tensor([1., 2.])
        """
        out = self
        for wanted in (*target, dtype, device):
            if isinstance(wanted, Tensor):
                out = cast(out, wanted.dtype)
            elif isinstance(wanted, str) and is_device(wanted):
                device_of(wanted)
            elif wanted is not None:
                out = cast(out, as_dtype(wanted))
        return out

    def type(self, dtype: DTypeLike) -> Tensor:
        """In another dtype."""
        return cast(self, as_dtype(dtype))

    def cpu(self) -> Tensor:
        """Itself: tensors live on the CPU."""
        return self

    def type_as(self, other: Tensor) -> Tensor:
        """In the dtype of `other`."""
        return cast(self, other.dtype)

    def float(self) -> Tensor:
        """As float32."""
        return cast(self, float32)

    def double(self) -> Tensor:
        """As float64."""
        return cast(self, float64)

    def int(self) -> Tensor:
        """As int32."""
        return cast(self, int32)

    def long(self) -> Tensor:
        """As int64."""
        return cast(self, int64)

    def byte(self) -> Tensor:
        """As uint8."""
        return cast(self, uint8)

    def bool(self) -> Tensor:
        """As bool: False where 0."""
        return cast(self, bool_)

    # Changing in place: the tensor holds a new value; values that derivatives need stay guarded

    def copy_(self, source: TensorLike) -> Tensor:
        """Take over the value of `source` (stretched to this shape, in this dtype)."""
        return in_place.assign(self, source)

    @property
    def data(self) -> Tensor:
        """Its value, cut off from derivatives; changing it in place changes this tensor."""
        return creation.detach(self)

    @data.setter
    def data(self, value: TensorLike) -> None:
        with no_grad():
            self.copy_(value)

    def fill_(self, value: Scalar) -> Tensor:
        """`value` everywhere, in place."""
        return self.copy_(value)

    def zero_(self) -> Tensor:
        """0 everywhere, in place."""
        return self.copy_(0)

    def normal_(
        self, mean: builtins.float = 0.0, std: builtins.float = 1.0, *, generator: random.Generator | None = None
    ) -> Tensor:
        """Normally distributed numbers, in place."""
        return self.copy_(random.normal(mean, std, self.shape, dtype=self.dtype, generator=generator))

    def uniform_(
        self, low: builtins.float = 0.0, high: builtins.float = 1.0, *, generator: random.Generator | None = None
    ) -> Tensor:
        """Evenly distributed numbers from `low` to `high`, in place."""
        return self.copy_(random.rand(self.shape, dtype=self.dtype, generator=generator) * (high - low) + low)

    def __setitem__(self, index: Any, value: TensorLike) -> None:
        in_place.update(self, indexing.put(self, index, value))

    @property
    def at(self) -> At:
        """`x.at[index].set(value)` and `.add(value)`: a changed copy, `x` stays as it is."""
        return At(self)

    # Operators (written out, so that a type checker knows them while it reads the rules of the primitives)

    def __add__(self, other: TensorLike) -> Tensor:
        return arithmetic.add(self, other)

    def __sub__(self, other: TensorLike) -> Tensor:
        return arithmetic.sub(self, other)

    def __mul__(self, other: TensorLike) -> Tensor:
        return arithmetic.mul(self, other)

    def __truediv__(self, other: TensorLike) -> Tensor:
        return arithmetic.div(self, other)

    def __floordiv__(self, other: TensorLike) -> Tensor:
        return arithmetic.floor_divide(self, other)

    def __mod__(self, other: TensorLike) -> Tensor:
        return arithmetic.remainder(self, other)

    def __pow__(self, other: TensorLike) -> Tensor:
        return arithmetic.pow(self, other)

    def __and__(self, other: TensorLike) -> Tensor:
        return compare.bitwise_and(self, other)

    def __or__(self, other: TensorLike) -> Tensor:
        return compare.bitwise_or(self, other)

    def __xor__(self, other: TensorLike) -> Tensor:
        return compare.bitwise_xor(self, other)

    def __lt__(self, other: Any) -> Tensor:
        return compare.lt(self, other)

    def __le__(self, other: Any) -> Tensor:
        return compare.le(self, other)

    def __gt__(self, other: Any) -> Tensor:
        return compare.gt(self, other)

    def __ge__(self, other: Any) -> Tensor:
        return compare.ge(self, other)

    def __neg__(self) -> Tensor:
        return arithmetic.neg(self)

    def __abs__(self) -> Tensor:
        return arithmetic.abs(self)

    def __invert__(self) -> Tensor:
        return compare.bitwise_not(self)

    def __matmul__(self, other: TensorLike) -> Tensor:
        return contraction.matmul(self, other)

    def __getitem__(self, index: Any) -> Tensor:
        return indexing.getitem(self, index)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # element by element, as NumPy's
        return compare.eq(self, other) if isinstance(other, _COMPARABLE) else NotImplemented

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]  # element by element, as NumPy's
        return compare.ne(self, other) if isinstance(other, _COMPARABLE) else NotImplemented

    def __pos__(self) -> Tensor:
        return self

    def __radd__(self, other: TensorLike) -> Tensor:
        return arithmetic.add(other, self)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return arithmetic.sub(other, self)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return arithmetic.mul(other, self)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return arithmetic.div(other, self)

    def __rfloordiv__(self, other: TensorLike) -> Tensor:
        return arithmetic.floor_divide(other, self)

    def __rmod__(self, other: TensorLike) -> Tensor:
        return arithmetic.remainder(other, self)

    def __rpow__(self, other: TensorLike) -> Tensor:
        return arithmetic.pow(other, self)

    def __rmatmul__(self, other: TensorLike) -> Tensor:
        return contraction.matmul(other, self)

    def __rand__(self, other: TensorLike) -> Tensor:
        return compare.bitwise_and(other, self)

    def __ror__(self, other: TensorLike) -> Tensor:
        return compare.bitwise_or(other, self)

    def __rxor__(self, other: TensorLike) -> Tensor:
        return compare.bitwise_xor(other, self)

    def where(self, condition: Tensor, other: TensorLike) -> Tensor:
        """This tensor where the condition holds, `other` elsewhere."""
        return compare.where(condition, self, other)

    def expand_as(self, other: Tensor) -> Tensor:
        """Stretched to the shape of `other`."""
        return layout.expand(self, other.shape)

    def view_as(self, other: Tensor) -> Tensor:
        """In the shape of `other`."""
        return layout.reshape(self, other.shape)

    def contiguous(self) -> Tensor:
        """Itself: how values lie in memory does not matter here."""
        return self

    @property
    def mT(self) -> Tensor:  # noqa: N802  # PyTorch's name
        """The last two dimensions exchanged."""
        return layout.transpose(self, -1, -2)

    @property
    def T(self) -> Tensor:  # noqa: N802  # PyTorch's name
        """The dimensions in reverse order."""
        return layout.permute(self, tuple(range(self.ndim))[::-1])


# What a tensor is compared with element by element; to anything else (None, a string) it is unequal as a whole.
_COMPARABLE = (Tensor, np.ndarray, np.generic, builtins.bool, builtins.int, builtins.float)


# Operations make tensors of this class from now on: see `core/types.py`.
Handle.concrete = Tensor
