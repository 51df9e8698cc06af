"""Losses; both libraries run the same functions, PyTorch with the classes moved to its second dimension."""

import itertools

import numpy as np

from tests.oracle.case import Cases, integers, normal, uniform

cases = Cases("torch")
REDUCTIONS = ("mean", "sum", "none")


def classes(library, x):
    """Scores (N, ..., C) where the library wants its classes."""
    return x.movedim(-1, 1).contiguous() if library.__name__ == "torch" and x.ndim > 2 else x


def add(name, loss, arguments=(), reductions=REDUCTIONS, **inputs):
    for reduction in reductions:
        cases.add(
            f"{name}-{reduction}",
            lambda torch, *, _r=reduction, **tensors: loss(torch, **tensors, reduction=_r, **dict(arguments)),
            **inputs,
        )


def probabilities(*shape):
    """Rows that add up to 1."""

    def draw(random):
        x = np.round(random.uniform(0.1, 1.0, shape) * 2**20) / 2**20
        return x / x.sum(-1, keepdims=True)

    return draw


# Numbers

for dtype in (np.float64, np.float32):
    add(
        f"mse_loss-{np.dtype(dtype).name}",
        lambda torch, x, y, reduction: torch.nn.functional.mse_loss(x, y, reduction=reduction),
        x=normal(3, 4, dtype=dtype),
        y=normal(3, 4, dtype=dtype),
    )
# Errors of 0, on the kink, and on both sides of it.
ERRORS = np.array([0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 0.99, -3.5, 1e4, -1e4])
add(
    "l1_loss",
    lambda torch, x, y, reduction: torch.nn.functional.l1_loss(x, y, reduction=reduction),
    x=ERRORS,
    y=0 * ERRORS,
)
for delta in (1.0, 0.5, 2.0):
    add(
        f"huber_loss-{delta}",
        lambda torch, x, y, reduction, d=delta: torch.nn.functional.huber_loss(x, y, reduction, d),
        x=ERRORS,
        y=0 * ERRORS,
    )
for beta in (1.0, 0.5, 0.0):
    add(
        f"smooth_l1_loss-{beta}",
        lambda torch, x, y, reduction, b=beta: torch.nn.functional.smooth_l1_loss(x, y, reduction=reduction, beta=b),
        x=ERRORS,
        y=0 * ERRORS,
    )
for margin in (0.0, 0.3):
    add(
        f"cosine_embedding_loss-{margin}",
        lambda torch, a, b, y, reduction, m=margin: torch.nn.functional.cosine_embedding_loss(
            a, b, y, m, reduction=reduction
        ),
        a=normal(6, 3),
        b=normal(6, 3),
        y=np.array([1, -1, 1, -1, -1, 1]),
    )

# Yes or no

BCE = "binary_cross_entropy"
for dtype in (np.float64, np.float32):
    add(
        f"{BCE}-{np.dtype(dtype).name}",
        lambda torch, x, y, reduction: torch.nn.functional.binary_cross_entropy(x, y, reduction=reduction),
        x=uniform(3, 4, low=0.05, high=0.95, dtype=dtype),
        y=uniform(3, 4, dtype=dtype),
    )
    SURE = np.array([0.0, 1.0, 0.0, 1.0, 1e-13, 1e-11, 1e-5, 1 - 1e-5, 0.0, 1.0], dtype)
    add(
        f"{BCE}-sure-{np.dtype(dtype).name}",
        lambda torch, x, y, reduction: torch.nn.functional.binary_cross_entropy(x, y.detach(), reduction=reduction),
        x=SURE,
        y=np.array([0, 1, 1, 0, 1, 1, 0, 1, 0.25, 0.75], dtype),
    )
add(
    f"{BCE}-weight",
    lambda torch, x, y, reduction: torch.nn.functional.binary_cross_entropy(
        x, y, torch.tensor(np.array([1.0, 2.0, 0.0, 0.5])), reduction=reduction
    ),
    x=uniform(3, 4, low=0.05, high=0.95),
    y=uniform(3, 4),
)
LOGITS = np.array([-1e4, -100.0, -20.0, -1.0, 0.0, -0.0, 0.5, 20.0, 100.0, 1e4])
for target in (0.0, 1.0, 0.3):
    for dtype in (np.float64, np.float32):
        add(
            f"{BCE}_with_logits-{target}-{np.dtype(dtype).name}",
            lambda torch, x, y, reduction: torch.nn.functional.binary_cross_entropy_with_logits(
                x, y.detach(), reduction=reduction
            ),
            x=LOGITS.astype(dtype),
            y=np.full_like(LOGITS, target, dtype),
        )
add(
    f"{BCE}_with_logits-weights",
    lambda torch, x, y, reduction: torch.nn.functional.binary_cross_entropy_with_logits(
        x,
        y,
        torch.tensor(np.array([[1.0], [2.0], [0.0]])),
        reduction=reduction,
        pos_weight=torch.tensor(np.array([1.0, 3.0, 0.5, 2.0])),
    ),
    x=normal(3, 4),
    y=uniform(3, 4),
)

# Classes

WEIGHTS = np.array([1.0, 2.0, 0.5, 0.0, 3.0])
IGNORING = np.array([[1, 0, 2, -100, 4, 4], [-100, 2, 0, 0, 1, 3]])
SHAPES = {"rows": (6, 5), "sequence": (2, 6, 5), "picture": (2, 3, 4, 5), "single": (5,)}


def weights(torch, weighted, like):
    return torch.tensor(WEIGHTS.astype(str(like.dtype).removeprefix("torch."))) if weighted else None


def cross_entropy(torch, x, y, reduction, weighted=False, **arguments):
    return torch.nn.functional.cross_entropy(
        classes(torch, x), y, weights(torch, weighted, x), reduction=reduction, **arguments
    )


def soft_cross_entropy(torch, x, y, reduction, weighted=False, **arguments):
    return torch.nn.functional.cross_entropy(
        classes(torch, x), classes(torch, y), weights(torch, weighted, x), reduction=reduction, **arguments
    )


def nll_loss(torch, x, y, reduction, weighted=False, **arguments):
    return torch.nn.functional.nll_loss(
        classes(torch, x), y, weights(torch, weighted, x), reduction=reduction, **arguments
    )


for shape, weighted, smoothing in itertools.product(SHAPES, (False, True), (0.0, 0.1, 1.0)):
    arguments = {"weighted": weighted, "label_smoothing": smoothing}
    shown = f"{shape}-{'weighted-' if weighted else ''}{smoothing}"
    size = SHAPES[shape]
    add(
        f"cross_entropy-{shown}",
        cross_entropy,
        arguments,
        ("mean", "none"),
        x=normal(*size),
        y=integers(*size[:-1], high=5),
    )
    add(
        f"cross_entropy-soft-{shown}",
        soft_cross_entropy,
        arguments,
        ("mean", "none"),
        x=normal(*size),
        y=probabilities(*size),
    )
add("cross_entropy-float32", cross_entropy, x=normal(6, 5, dtype=np.float32), y=integers(6, high=5))
for smoothing in (0.0, 0.2):
    arguments = {"weighted": True, "label_smoothing": smoothing}
    add(f"cross_entropy-ignoring-{smoothing}", cross_entropy, arguments, x=normal(2, 6, 5), y=IGNORING)
add("cross_entropy-ignoring-class", cross_entropy, {"ignore_index": 2}, x=normal(6, 5), y=np.array([2, 1, 0, 2, 4, 3]))
add("cross_entropy-ignoring-all", cross_entropy, x=normal(2, 5), y=np.array([-100, -100]))
MASKED = np.array([[1.0, -np.inf, 2.0, -3.0, -np.inf], [1e4, -1e4, 0.0, 1e4, 5.0], [-1e4, 0.0, 0.0, 0.0, 1e4]])
add("cross_entropy-extreme", cross_entropy, x=MASKED, y=np.array([2, 1, 0]))

for shape, weighted in itertools.product(SHAPES, (False, True)):
    size = SHAPES[shape]
    shown = f"{shape}{'-weighted' if weighted else ''}"
    add(
        f"nll_loss-{shown}",
        nll_loss,
        {"weighted": weighted},
        ("mean", "none"),
        x=normal(*size),
        y=integers(*size[:-1], high=5),
    )
add("nll_loss-ignoring", nll_loss, {"weighted": True}, x=normal(2, 6, 5), y=IGNORING)

for log_target in (False, True):
    add(
        f"kl_div{'-log_target' if log_target else ''}",
        lambda torch, x, y, reduction, log_target=log_target: torch.nn.functional.kl_div(
            torch.nn.functional.log_softmax(x, dim=-1), y, reduction=reduction, log_target=log_target
        ),
        reductions=("sum", "none", "batchmean"),  # at "mean", which is ours too, PyTorch warns
        x=normal(4, 5),
        y=normal(4, 5) if log_target else probabilities(4, 5),
    )
add(
    "kl_div-zeros",
    lambda torch, x, y, reduction: torch.nn.functional.kl_div(
        torch.nn.functional.log_softmax(x, dim=-1), y.detach(), reduction=reduction
    ),
    reductions=("none", "batchmean"),
    x=normal(2, 3),
    y=np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]]),
)
