"""Operations on tensors, in words that PyTorch and chainrule have in common."""

import numpy as np

from tests.oracle.case import Cases, integers, normal, uniform

cases = Cases("torch")

# Elementwise

EVERYWHERE = "abs atan asinh cos cosh erf exp expm1 floor ceil round trunc sign sigmoid sin sinh tanh neg square relu"
PARTS = {
    **dict.fromkeys(EVERYWHERE.split(), normal(3, 4)),
    **dict.fromkeys(["log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"], uniform(3, 4, low=0.1, high=4)),
    **dict.fromkeys(["asin", "acos", "atanh"], uniform(3, 4, low=-0.9, high=0.9)),
    "acosh": uniform(3, 4, low=1.1, high=4),
    "tan": uniform(3, 4, low=-1.4, high=1.4),
}
for name, x in PARTS.items():
    cases.add(name, lambda torch, x, name=name: getattr(torch, name)(x), x=x)
    cases.add(f"{name}-method", lambda torch, x, name=name: getattr(x, name)(), x=x)

for name in ["sqrt", "log", "exp", "tanh", "sigmoid", "rsqrt"]:
    cases.add(
        f"{name}-single",
        lambda torch, x, name=name: getattr(torch, name)(x),
        x=uniform(7, low=0.1, high=4, dtype=np.float32),
    )

SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -2.5])
for name in [
    "exp",
    "log",
    "log1p",
    "sqrt",
    "sigmoid",
    "tanh",
    "relu",
    "floor",
    "round",
    "abs",
    "erf",
    "isnan",
    "isinf",
    "isfinite",
]:
    cases.add(f"{name}-special", lambda torch, x, name=name: getattr(torch, name)(x.detach()), x=SPECIAL)

for name in ["add", "sub", "mul", "div", "maximum", "minimum", "atan2", "remainder"]:
    for shapes in (((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 2)), ((2, 1, 3), (4, 1))):
        cases.add(
            f"{name}-{shapes[0]}-{shapes[1]}",
            lambda torch, x, y, name=name: getattr(torch, name)(x, y),
            x=normal(*shapes[0]),
            y=uniform(*shapes[1], low=0.5, high=2),
        )
cases.add("pow", lambda torch, x, y: x**y, x=uniform(3, 4, low=0.1, high=3), y=normal(4))
for exponent in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5):
    cases.add(f"pow-{exponent}", lambda torch, x, e=exponent: x**e, x=uniform(5, low=0.1, high=3))
    cases.add(f"pow-of-{exponent}", lambda torch, x, e=exponent: abs(e) ** x, x=normal(5))
cases.add("pow-at-zero", lambda torch, x: (x**2, x**3, x**1, x**0, x**1.5), x=np.array([0.0, 1.0, 2.0]))
cases.add(
    "ties",
    lambda torch, x, y: (torch.maximum(x, y), torch.minimum(x, y)),
    x=np.array([1.0, 2.0]),
    y=np.array([1.0, 3.0]),
)
for kind in ("floor", "trunc"):
    cases.add(
        f"div-{kind}",
        lambda torch, x, y, kind=kind: torch.div(x, y, rounding_mode=kind),
        x=np.array([7, -7, 8, -8]),
        y=np.array([2, 2, -3, -3]),
    )
cases.add("floor_divide", lambda torch, x, y: (x // y, x % y), x=np.array([7, -7, 8, -8]), y=np.array([2, 2, -3, -3]))
cases.add(
    "operators",
    lambda torch, x, y: (x + 2 * y, 1 - x / y, 2 / y, -x, abs(x), x @ y),
    x=normal(4),
    y=uniform(4, low=1, high=2),
)
cases.add("alpha", lambda torch, x, y: (torch.add(x, y, alpha=3), torch.sub(x, y, alpha=0.5)), x=normal(3), y=normal(3))
for low, high in ((-0.5, 0.5), (None, 0.25), (-0.25, None), (1, 0)):
    cases.add(f"clamp-{low}-{high}", lambda torch, x, low=low, high=high: torch.clamp(x, low, high), x=normal(20))
cases.add("clamp-at-the-limits", lambda torch, x: x.clamp(min=0, max=1), x=np.array([-1.0, 0.0, 0.5, 1.0, 2.0]))
cases.add(
    "clamp-tensors",
    lambda torch, x, low, high: torch.clip(x, low, high),
    x=normal(3, 4),
    low=uniform(4, low=-1, high=0),
    high=uniform(3, 1, high=1),
)
cases.add("where", lambda torch, x, y: torch.where(x > y, x * y, y), x=normal(3, 4), y=normal(4))
cases.add("where-numbers", lambda torch, x: (torch.where(x > 0, x, 0), torch.where(x > 0, 1, x)), x=normal(5))
cases.add("masked_fill", lambda torch, x: x.masked_fill(x > 0, -1.5), x=normal(3, 4))
for name in ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"]:
    cases.add(
        name, lambda torch, x, y, name=name: getattr(torch, name)(x, y), x=integers(3, 4, high=3), y=integers(4, high=3)
    )
cases.add("bits", lambda torch, x, y: (x & y, x | y, x ^ y, ~x), x=integers(6, high=16), y=integers(6, high=16))
cases.add("isclose", lambda torch, x, y: torch.isclose(x, y, atol=0.1), x=uniform(9), y=uniform(9))

# Reductions

for name in ["sum", "mean", "amax", "amin", "prod", "var", "std", "any", "all", "argmax", "argmin", "norm"]:
    cases.add(name, lambda torch, x, name=name: getattr(torch, name)(x), x=normal(2, 3, 4))
    for dim in (0, 1, -1):
        for keepdim in (False, True):
            cases.add(
                f"{name}-{dim}-{keepdim}",
                lambda torch, x, name=name, dim=dim, keepdim=keepdim: getattr(x, name)(dim=dim, keepdim=keepdim),
                x=normal(2, 3, 4),
            )
for name in ["sum", "mean", "amax", "var", "std", "norm"]:
    cases.add(f"{name}-(0, 2)", lambda torch, x, name=name: getattr(x, name)(dim=(0, 2)), x=normal(2, 3, 4))
for name in ["logsumexp", "softmax", "log_softmax", "cumsum"]:
    for dim in (0, -1):
        cases.add(
            f"{name}-{dim}", lambda torch, x, name=name, dim=dim: getattr(torch, name)(x, dim=dim), x=normal(3, 4)
        )
    cases.add(f"{name}-large", lambda torch, x, name=name: getattr(x * 300, name)(1), x=normal(3, 4))
cases.add("log_softmax-digits", lambda torch, x: torch.log_softmax(x + 1000, 1), x=normal(3, 4, dtype=np.float32))
cases.add("softmax-masked", lambda torch, x: torch.softmax(x.masked_fill(x > 1, -np.inf), 1), x=normal(4, 5))
for name in ("max", "min"):
    cases.add(f"{name}", lambda torch, x, name=name: getattr(torch, name)(x), x=normal(3, 4))
    cases.add(f"{name}-dim", lambda torch, x, name=name: tuple(getattr(torch, name)(x, 1)), x=normal(3, 4))
    cases.add(
        f"{name}-keepdim", lambda torch, x, name=name: tuple(getattr(x, name)(dim=0, keepdim=True)), x=normal(3, 4)
    )
    cases.add(f"{name}-of-two", lambda torch, x, y, name=name: getattr(torch, name)(x, y), x=normal(3, 4), y=normal(4))
TIES = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, -1.0, -1.0]])
cases.add("ties-all", lambda torch, x: (x.max(), x.amax(1), x.amin(0)), x=TIES)
cases.add("ties-dim", lambda torch, x: (*x.max(1), *x.min(1), x.argmax(1), x.argmin(1), x.argmax()), x=TIES)
cases.add("nan", lambda torch, x: (x.max(), x.argmax(), x.amin(0), x.sort()[1]), x=np.array([1.0, np.nan, 3.0, np.nan]))
for correction in (0, 1, 2):
    cases.add(
        f"var-correction-{correction}",
        lambda torch, x, c=correction: (x.var(1, correction=c), x.std(correction=c)),
        x=normal(3, 4),
    )
cases.add(
    "var-unbiased",
    lambda torch, x: (torch.var(x, 1, False), x.std(0, unbiased=False), x.var(unbiased=True)),
    x=normal(3, 4),
)
cases.add("std-of-equal-numbers", lambda torch, x: x.std(0), x=np.ones((3, 2)))
for p in (0.5, 1, 2, 3, np.inf, -np.inf):
    cases.add(f"norm-p{p}", lambda torch, x, p=p: (torch.norm(x, p), x.norm(p, 1)), x=normal(3, 4))
    cases.add(f"norm-p{p}-of-zeros", lambda torch, x, p=p: torch.norm(x, p), x=np.zeros(3))
cases.add(
    "prod-of-zeros", lambda torch, x: x.prod(1), x=np.array([[1.0, 0, 3, 2, 5], [0, 0, 2, 1, 4], [1, 2, 3, 4, 5]])
)
cases.add(
    "whole-numbers",
    lambda torch, x: (x.sum(), x.prod(0), x.cumsum(1), x.float().mean(), x.max()),
    x=integers(3, 4, high=5),
)
cases.add(
    "bools",
    lambda torch, x: ((x > 1).sum(), (x > 1).any(0), (x > 1).all(1), (x > 1).float().mean()),
    x=integers(3, 4, high=5),
)

# Rearranging

cases.add(
    "reshape", lambda torch, x: (x.reshape(4, -1), x.view(2, 6), torch.reshape(x, (12,)), x.flatten()), x=normal(3, 4)
)
cases.add("flatten", lambda torch, x: (torch.flatten(x, 1), x.flatten(0, 1)), x=normal(2, 3, 4))
cases.add(
    "permute",
    lambda torch, x: (x.permute(2, 0, 1), torch.permute(x, (1, 0, 2)), x.mT, x.movedim(0, -1)),
    x=normal(2, 3, 4),
)
cases.add("movedim-several", lambda torch, x: torch.movedim(x, (0, 1), (2, 0)), x=normal(2, 3, 4))
cases.add("transpose", lambda torch, x: (x.T, x.t(), torch.transpose(x, 0, 1), x.swapaxes(-1, 0)), x=normal(2, 3))
cases.add(
    "squeeze", lambda torch, x: (x.squeeze(), x.squeeze(0), torch.squeeze(x, (0, 2)), x.squeeze(1)), x=normal(1, 3, 1)
)
cases.add("unsqueeze", lambda torch, x: (x.unsqueeze(0), torch.unsqueeze(x, -1), x.unsqueeze(1)), x=normal(2, 3))
cases.add(
    "expand", lambda torch, x: (x.expand(4, 2, 3), x.expand(-1, 3), torch.broadcast_to(x, (2, 3))), x=normal(2, 1)
)
cases.add("repeat", lambda torch, x: (x.repeat(2, 3), torch.tile(x, (2,)), x.repeat(2, 1, 1)), x=normal(2, 3))
cases.add("flip", lambda torch, x: (torch.flip(x, (0, 1)), x.flip(1), torch.flip(x, dims=(0,))), x=normal(2, 3))
cases.add("roll", lambda torch, x: (torch.roll(x, 1), x.roll(-2, 1), torch.roll(x, (1, 2), (0, 1))), x=normal(3, 4))
cases.add(
    "concatenate",
    lambda torch, x, y: (torch.cat([x, y], 1), torch.concat([x, y, x], dim=-1)),
    x=normal(2, 3),
    y=normal(2, 2),
)
cases.add(
    "stack", lambda torch, x, y: (torch.stack([x, y]), torch.stack((x, y), dim=-1)), x=normal(2, 3), y=normal(2, 3)
)
cases.add(
    "split", lambda torch, x: (*x.split(2), *torch.split(x, [1, 4], dim=0), *x.chunk(2), *x.unbind(1)), x=normal(5, 2)
)
cases.add("narrow", lambda torch, x: (x.narrow(0, 1, 3), torch.narrow(x, 1, 0, 1)), x=normal(5, 2))
cases.add(
    "triangles", lambda torch, x: (torch.tril(x), x.triu(1), torch.tril(x, -1), x.triu(diagonal=-1)), x=normal(2, 3, 4)
)
for widths in ((1, 2), (1, 2, 0, 3), (-1, 1), (0, 0, -1, 2)):
    cases.add(
        f"pad-{widths}",
        lambda torch, x, widths=widths: torch.nn.functional.pad(x, widths, value=1.5),
        x=normal(2, 3, 4),
    )

# Reading and writing

cases.add("slices", lambda torch, x: (x[1], x[1:, ::2], x[..., -1], x[:, None, 1], x[-1, -2:]), x=normal(3, 4))
cases.add(
    "arrays",
    lambda torch, x, i, j: (x[i], x[i, j], x[:, i], x[i, 1], x[None, i, :, j]),
    x=normal(4, 4, 2),
    i=integers(3, high=4),
    j=integers(3, high=2),
)
cases.add("masks", lambda torch, x: (x[x > 0], x[(x > 0).any(1)], x[:, x[0] > 0]), x=normal(3, 4))
cases.add(
    "gather", lambda torch, x, i: (x.gather(1, i), torch.gather(x, 0, i)), x=normal(4, 4), i=integers(3, 2, high=4)
)
cases.add(
    "scatter_add",
    lambda torch, x, i, y: x.scatter_add(1, i, y),
    x=normal(3, 4),
    i=integers(3, 6, high=4),
    y=normal(3, 6),
)
cases.add(
    "scatter", lambda torch, x, y: x.scatter(1, torch.tensor([[0, 2], [1, 3]]), y), x=normal(3, 4), y=normal(2, 2)
)
cases.add(
    "take",
    lambda torch, x, i: (torch.take(x, i), x.index_select(1, i), torch.take_along_dim(x, i[:, None], 1)),
    x=normal(3, 4),
    i=integers(3, high=4),
)
cases.add("write", lambda torch, x, y: written(x * 1, y), x=normal(3, 4), y=normal(2, 2))
cases.add("one_hot", lambda torch, i: torch.nn.functional.one_hot(i, 5), i=integers(2, 3, high=5))
cases.add(
    "nonzero",
    lambda torch, i: (torch.nonzero(i), i.nonzero(as_tuple=True)[1], torch.masked_select(i, i > 1)),
    i=integers(3, 4, high=3),
)


def written(x, y):
    """Elements, slices and masks of `x` assigned and changed in place."""
    x[1:, 1:3] = y
    x[0] *= 2
    x[x > 1] = 0.5
    x[2, 3] += 1
    return x


# Sorting

for dim in (0, 1):
    cases.add(f"sort-{dim}", lambda torch, x, dim=dim: tuple(torch.sort(x, dim=dim)), x=normal(3, 5))
    cases.add(f"sort-down-{dim}", lambda torch, x, dim=dim: tuple(x.sort(dim, descending=True)), x=normal(3, 5))
    cases.add(f"argsort-{dim}", lambda torch, x, dim=dim: torch.argsort(x, dim, descending=True), x=normal(3, 5))
    cases.add(
        f"topk-{dim}",
        lambda torch, x, dim=dim: (*x.topk(2, dim), *torch.topk(x, 1, dim=dim, largest=False)),
        x=normal(3, 5),
    )
cases.add(
    "sort-ties",
    lambda torch, x: (*torch.sort(x, dim=1, stable=True), *torch.sort(x, dim=1, descending=True, stable=True)),
    x=TIES,
)

# Products

for a, b in (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((6, 1, 2, 3), (5, 3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
):
    cases.add(f"matmul-{a}-{b}", lambda torch, x, y: torch.matmul(x, y), x=normal(*a), y=normal(*b))
cases.add(
    "products",
    lambda torch, x, y, v: (torch.mm(x, y), x.mv(v), torch.dot(v, v), torch.outer(v, v)),
    x=normal(2, 3),
    y=normal(3, 4),
    v=normal(3),
)
cases.add("bmm", lambda torch, x, y: torch.bmm(x, y), x=normal(2, 3, 4), y=normal(2, 4, 5))
cases.add("matmul-whole", lambda torch, x, y: x @ y, x=integers(2, 3, high=9), y=integers(3, 4, high=9))
for equation, *operands in (
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ii->i", (3, 3)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
    ("bi,oi,bo->", (2, 3), (4, 3), (2, 4)),
    ("i,i,i->i", (3,), (3,), (3,)),
    ("ijk->kij", (2, 3, 4)),
    ("ij->", (2, 3)),
):
    cases.add(
        f"einsum-{equation}",
        lambda torch, equation=equation, **operands: torch.einsum(equation, *operands.values()),
        **{f"x{i}": normal(*shape) for i, shape in enumerate(operands)},
    )

# Making

cases.add(
    "arange",
    lambda torch: (torch.arange(5), torch.arange(1, 8, 3), torch.arange(1.0, 2.0, 0.25), torch.arange(5, 0, -2)),
)
cases.add(
    "linspace",
    lambda torch: (torch.linspace(0, 1, 7), torch.linspace(-1, 2, 4, dtype=torch.float64), torch.linspace(3, 1, 1)),
)
cases.add(
    "filled",
    lambda torch: (
        torch.eye(2, 3),
        torch.full((2,), 7),
        torch.full((2, 1), 0.5),
        torch.zeros(2, 0),
        torch.ones(size=(3,)),
    ),
)
cases.add(
    "like",
    lambda torch, x: (torch.zeros_like(x), torch.ones_like(x, dtype=torch.int64), torch.full_like(x, 2)),
    x=normal(2, 3),
)
cases.add(
    "casts",
    lambda torch, x: (x.float(), x.long(), x.int(), x.bool(), x.byte(), x.to(torch.float32), x.type(torch.int64)),
    x=uniform(5, high=9),
)
