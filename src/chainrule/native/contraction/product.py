"""What a contraction is to the generator: two operands with strides, over batch, m, n and k.

"Lanes" run along n, since a result's rows are usually contiguous along n. `transposed` swaps the roles of m and n, for
results and operands that are contiguous the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.compiler.expression import Load
from chainrule.compiler.index import Var
from chainrule.compiler.kernel import Contraction
from chainrule.native.emit import MEMORY


@dataclass(frozen=True)
class Operand:
    """Where the elements of an operand stand, in elements from the start of its buffer.

    Attributes:
        load: What the kernel says.
        start: The first element.
        batch: The strides along the batch variables.
        free: The stride along its own variable: m of the left operand, n of the right one.
        depth: The stride along k.
    """

    load: Load
    start: int
    batch: tuple[int, ...]
    free: int
    depth: int

    @staticmethod
    def of(load: Load, batch: tuple[Var, ...], free: Var, depth: Var) -> Operand:
        """The strides of a load whose index is affine in the variables."""
        strides = load.index.terms
        known = (*batch, free, depth)
        assert all(atom in known for atom in strides), f"not affine: {load.index}"
        # Where there is only one, the next may as well stand beside it.
        along = {var: strides.get(var, 0) if var.extent > 1 else 1 for var in known}
        return Operand(load, load.index.constant, tuple(along[var] for var in batch), along[free], along[depth])


@dataclass(frozen=True)
class Product:
    """A contraction and the strides of its operands.

    Attributes:
        kernel: The contraction; its `n` runs along the lanes.
        a: The left operand, over m and k.
        b: The right operand, over n and k.
    """

    kernel: Contraction
    a: Operand
    b: Operand

    @staticmethod
    def of(kernel: Contraction) -> Product:
        """The operands of a contraction."""
        a = Operand.of(kernel.a, kernel.batch, kernel.m, kernel.k)
        return Product(kernel, a, Operand.of(kernel.b, kernel.batch, kernel.n, kernel.k))

    def transposed(self) -> Product:
        """The same sums with m and n in each other's place."""
        kernel = replace(self.kernel, m=self.kernel.n, n=self.kernel.m, a=self.kernel.b, b=self.kernel.a)
        return Product(kernel, self.b, self.a)

    @property
    def m(self) -> int:
        """The number of rows of a matrix of results."""
        return self.kernel.m.extent

    @property
    def n(self) -> int:
        """The number of its columns."""
        return self.kernel.n.extent

    @property
    def k(self) -> int:
        """How many products a sum has."""
        return self.kernel.k.extent

    @property
    def batch(self) -> int:
        """How many matrices there are."""
        count = 1
        for var in self.kernel.batch:
            count *= var.extent
        return count

    @property
    def contiguous(self) -> bool:
        """Whether neighbours along n are neighbours in all results."""
        stores = self.kernel.epilogue
        return self.n == 1 or all(store.index.terms.get(self.kernel.n) == 1 for store in stores)

    @property
    def element(self) -> str:
        """LLVM's type of an element."""
        return MEMORY[self.kernel.total.dtype.name]

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return self.kernel.total.dtype.itemsize
