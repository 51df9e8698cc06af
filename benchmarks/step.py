"""One training step (forward, loss, backward, Adam), ours and PyTorch's, side by side.

    python benchmarks/step.py [--rounds 5]

Each framework runs in processes of its own, in alternation, on one thread, with the same sizes, dtype (float32) and
optimizer; its code is written the way its users write it. What is shown is the median over the rounds of a process's
median step, with the least and the most. A peer that is not installed is said to be missing.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

PEERS = {"chainrule": "chainrule", "PyTorch": "torch"}
# The sizes of the layers, and the batch.
WORKLOADS = {
    "MLP 30-64-32-2, batch 32": ((30, 64, 32, 2), 32),
    "MLP 784-128-64-10, batch 64": ((784, 128, 64, 10), 64),
    "MLP 784-1024-1024-10, batch 256": ((784, 1024, 1024, 10), 256),
}
# How long a process measures, after as long again to warm up.
SECONDS = 1.0


def step_of(module: str, sizes: tuple[int, ...], batch: int) -> Callable[[], object]:
    """A training step over fixed data, in the names that both frameworks have."""
    framework = importlib.import_module(module)
    nn, optim = (importlib.import_module(f"{module}.{part}") for part in ("nn", "optim"))
    if module == "torch":
        framework.set_num_threads(1)
    rng = np.random.default_rng(0)
    x = framework.tensor(rng.normal(size=(batch, sizes[0])).astype(np.float32))
    y = framework.tensor(rng.integers(0, sizes[-1], batch))
    layers = [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*layers[:-1])
    loss_function, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3)

    def step() -> object:
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def measure(step: Callable[[], object]) -> float:
    """The median step in microseconds."""
    for record in (False, True):
        times, end = [], time.perf_counter() + SECONDS
        while time.perf_counter() < end or len(times) < 5:
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        if record:
            return statistics.median(times) * 1e6
    raise AssertionError("the second pass records")


def in_a_process(module: str, workload: str) -> float:
    """`measure`, in a process of its own that uses one thread."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--measure", module, workload]
    return float(json.loads(subprocess.check_output(command, env=os.environ | one_thread)))


def compare(rounds: int) -> None:
    """Measure everything in alternation and print a table."""
    here = {name: module for name, module in PEERS.items() if importlib.util.find_spec(module)}
    for name in PEERS.keys() - here.keys():
        print(f"{name} is not installed and is missing below.")
    print(
        f"{'microseconds a step, one thread':<36}" + "".join(f"{name:>30}" for name in here) + f"{'ours / PyTorch':>18}"
    )
    for workload in WORKLOADS:
        times: dict[str, list[float]] = {name: [] for name in here}
        for _ in range(rounds):
            for name, module in here.items():
                times[name].append(in_a_process(module, workload))
        shown = [f"{statistics.median(t):,.0f} ({min(t):,.0f} to {max(t):,.0f})" for t in times.values()]
        medians = [statistics.median(t) for t in times.values()]
        ratio = f"{medians[0] / medians[1]:.1f}" if len(medians) == 2 else ""
        print(f"{workload:<36}" + "".join(f"{text:>30}" for text in shown) + f"{ratio:>18}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Training steps side by side.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each process is run")
    parser.add_argument("--measure", nargs=2, metavar=("MODULE", "WORKLOAD"), help="what a process of its own does")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(step_of(arguments.measure[0], *WORKLOADS[arguments.measure[1]]))))
    else:
        compare(arguments.rounds)
