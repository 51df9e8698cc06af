"""Activations and what is computed of vectors; both libraries run the same functions."""

import numpy as np

from tests.oracle.case import Cases, normal

cases = Cases("torch")

# Around the kinks, on them, and far away.
POINTS = np.array(
    [-1e4, -100, -30, -20.5, -8, -5, -1, -0.5, -0.0, 0, 0.3, 1, 2.5, 3, 6, 10, 20, 20.5, 30, 100, 1e4], np.float64
)

ACTIVATIONS = {
    "relu": {},
    "leaky_relu": {"negative_slope": 0.2},
    "elu": {"alpha": 1.3},
    "selu": {},
    "gelu": {},
    "silu": {},
    "softplus": {},
    "logsigmoid": {},
    "sigmoid": {},
    "tanh": {},
    "hardtanh": {},
    "hardsigmoid": {},
    "hardswish": {},
}
# PyTorch's derivative has 1/6 in single precision, whatever the dtype.
ONLY_SINGLE = ("hardsigmoid",)
VARIANTS = [
    *ACTIVATIONS.items(),
    ("leaky_relu", {}),
    ("elu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("softplus", {"beta": 2.5, "threshold": 8.0}),
    ("softplus", {"beta": 0.5}),
    ("hardtanh", {"min_val": -1.0, "max_val": 6.0}),
]

for name, arguments in VARIANTS:
    for dtype in (np.float32,) if name in ONLY_SINGLE else (np.float64, np.float32):
        shown = "".join(f",{key}={value}" for key, value in arguments.items())
        cases.add(
            f"{name}{shown}-{np.dtype(dtype).name}",
            lambda torch, x, name=name, arguments=arguments: getattr(torch.nn.functional, name)(x, **arguments),
            x=POINTS.astype(dtype),
        )

MASKED = np.array([[1.0, -np.inf, 2.0, -3.0], [-np.inf, -np.inf, 5.0, -np.inf], [1e4, -1e4, 0.0, 1e4]])

for dim in (0, 1, -1):
    cases.add(f"softmax-dim{dim}", lambda torch, x, dim=dim: torch.nn.functional.softmax(x, dim=dim), x=normal(3, 4, 2))
    cases.add(
        f"log_softmax-dim{dim}",
        lambda torch, x, dim=dim: torch.nn.functional.log_softmax(x, dim=dim),
        x=normal(3, 4, 2),
    )
cases.add("softmax-masked", lambda torch, x: torch.nn.functional.softmax(x, dim=-1), x=MASKED)
cases.add("log_softmax-masked", lambda torch, x: torch.nn.functional.log_softmax(x, dim=-1)[:, 2:3], x=MASKED)

cases.add(
    "linear", lambda torch, x, w, b: torch.nn.functional.linear(x, w, b), x=normal(2, 3, 4), w=normal(5, 4), b=normal(5)
)
cases.add("linear-vector", lambda torch, x, w: torch.nn.functional.linear(x, w), x=normal(3, 4), w=normal(4))

ROWS = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0], [-1e-3, 2e-3, 5e2]])
for arguments in ({}, {"dim": 0}, {"p": 1.0}, {"p": 3.0, "dim": -1}, {"eps": 100.0}):
    shown = "".join(f",{key}={value}" for key, value in arguments.items())
    cases.add(
        f"normalize{shown}",
        lambda torch, x, arguments=arguments: torch.nn.functional.normalize(x, **arguments),
        x=ROWS if not arguments else normal(3, 4, 2),
    )
cases.add(
    "cosine_similarity", lambda torch, a, b: torch.nn.functional.cosine_similarity(a, b), a=normal(4, 3), b=normal(4, 3)
)
cases.add(
    "cosine_similarity-broadcast",
    lambda torch, a, b: torch.nn.functional.cosine_similarity(a, b, dim=-1),
    a=normal(4, 1, 3),
    b=normal(2, 3),
)
cases.add("erfc", lambda torch, x: torch.erfc(x), x=np.linspace(-6, 26, 65))
