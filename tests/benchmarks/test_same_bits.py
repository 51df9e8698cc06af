"""Every workload ends with the same weights, bit for bit, on any number of threads and from run to run."""

import numpy as np
import pytest

import chainrule as cr
from benchmarks.catalogue import BY_NAME
from benchmarks.contestants import chainrule_fit
from benchmarks.contestants.chainrule_jit import LOSSES, network
from benchmarks.workloads import WORKLOADS, Workload

THREADS = (1, 2, 3, 4, 1)


@pytest.fixture(autouse=True)
def as_before(monkeypatch, tmp_path):
    """Each number of threads takes the program of the first from the cache."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    monkeypatch.setattr("chainrule.config._num_threads", None)
    usual = cr.get_default_dtype()
    yield
    cr.set_default_dtype(usual)
    cr.config.threads_changed()


def state(model: cr.nn.Module, optimizer: cr.optim.Optimizer) -> list[bytes]:
    """Weights, running means, moments, and where the random numbers stand."""
    moments = [tensor for of in optimizer.state.values() for tensor in of.values()]
    return [tensor.detach().numpy().tobytes() for tensor in (*model.state_dict().values(), *moments, cr.rand(2))]


def trained(workload: Workload, dtype: np.dtype, steps: int) -> list[bytes]:
    """What a few compiled steps with Adam make."""
    cr.manual_seed(0)
    model, loss_function = network(workload), LOSSES[workload.loss]()
    optimizer = cr.optim.Adam(model.parameters(), lr=1e-3)

    @cr.jit
    def step(x, y):
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    for x, y in workload.batches()[:steps]:
        loss = step(x.astype(dtype), y.astype(dtype) if y.dtype.kind == "f" else y)
    assert np.isfinite(loss.item())
    return [loss.detach().numpy().tobytes(), *state(model, optimizer)]


# Of larger ones the passes are tested by themselves.
SMALL = [workload for workload in WORKLOADS if workload.trains and workload.flops < 4e9]


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64], ids=str)
@pytest.mark.parametrize("workload", SMALL, ids=lambda workload: workload.name)
def test_steps(workload, dtype):
    cr.set_default_dtype(dtype)
    steps = 2 if workload.flops > 1e9 else 6
    found = []
    for threads in THREADS:
        cr.set_num_threads(threads)
        found.append(trained(workload, dtype, steps))
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("name", ["fit", "xor"])
def test_fit(name):
    workload = BY_NAME[name]
    found = []
    for threads in THREADS:
        cr.set_num_threads(threads)
        cr.manual_seed(0)
        found.append(chainrule_fit.prepare(workload)(2 * workload.steps_per_epoch))
    assert len(set(found)) == 1
