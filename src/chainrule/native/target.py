"""The processor at hand: which vectors it has, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from chainrule.native.permission import matrix_unit_granted


@dataclass(frozen=True)
class Target:
    """What the code generators need to know of a processor.

    Attributes:
        name: `avx512`, `avx2`, `neon` or `plain`.
        vector_bytes: The width of its vectors.
        registers: How many vector registers it has.
        cpu: LLVM's name for it.
        features: LLVM's feature string.
        triple: LLVM's target triple.
        matrix: Whether it has a matrix unit that this process may use (`matrix_unit`).
    """

    name: str
    vector_bytes: int
    registers: int
    cpu: str
    features: str
    triple: str
    matrix: bool = False

    @property
    def fused(self) -> bool:
        """Whether it multiplies and adds in one instruction; elsewhere `llvm.fma` is a slow call."""
        return self.name != "plain"

    @property
    def masks(self) -> bool:
        """Whether loads and stores of some of a vector's lanes cost no more than those of all."""
        return self.name == "avx512"

    def lanes(self, itemsize: int = 4) -> int:
        """How many elements of this size a vector holds."""
        return self.vector_bytes // itemsize


@cache
def host() -> Target:
    """The processor that this process runs on."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    triple = llvm.get_process_triple()
    # Some of AMD's processors have `insertq`, which has no form for wide registers: beside their instructions it waits
    # for hundreds of cycles.
    cpu, flat = llvm.get_host_cpu_name(), features.flatten().replace("+sse4a", "-sse4a")
    if triple.startswith(("aarch64", "arm64")):
        return Target("neon", 16, 32, cpu, flat, triple)
    if all(features.get(name) for name in ("avx512f", "avx512bw", "avx512dq", "avx512vl")):
        matrix = all(features.get(name) for name in ("amx-tile", "amx-bf16")) and matrix_unit_granted()
        return Target("avx512", 64, 32, cpu, flat, triple, matrix)
    if features.get("avx2") and features.get("fma"):
        return Target("avx2", 32, 16, cpu, flat, triple)
    return Target("plain", 16, 16, cpu, flat, triple)
