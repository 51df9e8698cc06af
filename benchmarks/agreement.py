"""Whether everyone trains the same: the loss after a few steps from the same weights on the same batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.catalogue import contestants_of
from benchmarks.contestants import BY_MODULE, Contestant
from benchmarks.results import Agreement, Results
from benchmarks.rounds import ProcessFailedError, in_a_process
from benchmarks.threads import cores
from benchmarks.workloads import Workload

REFERENCE = BY_MODULE["torch_eager"]
STEPS = 20
# Max pooling and ReLU choose, and where two numbers are nearly the same rounding decides: PyTorch itself, with its
# other memory format, ends 1 % away on VGG.
CHOOSING = 2e-2


def check(workloads: Sequence[Workload], contestants: Sequence[Contestant], results: Results) -> Iterator[str]:
    """Compare everyone who trains step by step with PyTorch, into `results`; what was found is told.

    Dropout is switched off: everyone draws other random numbers.
    """
    if REFERENCE.missing():
        results.no_agreement = "PyTorch, which all others are compared with, is not installed"
        yield results.no_agreement
        return
    for workload in workloads:
        try:
            reference = last_loss(REFERENCE, workload)
        except ProcessFailedError as error:
            results.no_agreement = f"PyTorch, which all others are compared with, failed on {workload.name}: {error}"
            yield results.no_agreement
            return
        for contestant in contestants_of(workload):
            if (
                contestant not in contestants
                or contestant.whole_epochs
                or contestant is REFERENCE
                or contestant.missing()
            ):
                continue
            found = compare(contestant, workload, reference)
            results.agreements.append(found)
            verdict = "agrees with" if found.holds else "DOES NOT AGREE with"
            yield (
                f"{workload.name}: after {STEPS} steps the loss of {contestant.title}, {found.loss}, "
                f"{verdict} PyTorch's, {reference} (tolerance {found.tolerance:g} of it)"
            )


def compare(contestant: Contestant, workload: Workload, reference: float) -> Agreement:
    """One contestant beside PyTorch."""
    try:
        loss = last_loss(contestant, workload)
    except ProcessFailedError:
        loss = None
    tolerance = max(contestant.tolerance, CHOOSING if workload.of_pictures and workload.trains else 0)
    return Agreement(contestant.module, workload.name, STEPS, loss, reference, tolerance)


def last_loss(contestant: Contestant, workload: Workload) -> float:
    """The loss of the last step, in a process of its own."""
    command = ["benchmarks.process", contestant.module, workload.name, "--loss-after", str(STEPS)]
    return in_a_process(command, threads=cores())["loss"]
