import pytest

from benchmarks.contestants import BY_MODULE
from benchmarks.results import Agreement, Measurement, Results


def a_round(step: float, first_call: float = 0.5) -> dict[str, float | int | None]:
    """What a process prints."""
    return {
        "import_seconds": 0.25,
        "first_call_seconds": first_call,
        "step_seconds": step,
        "least_seconds": step / 2,
        "most_seconds": step * 2,
        "steps": 100,
        "peak_bytes": 64 * 2**20,
    }


@pytest.fixture
def results() -> Results:
    """A run on two workloads and a curve, in which optax was not installed."""
    return Results(
        date="2026-01-02T03:04:05+00:00",
        machine={"processor": "A Processor", "cores": 2, "system": "Linux", "python": "3.11.7", "load": 0.1},
        versions={"torch": "2.13.0"},
        missing={"jax_optax": ["optax"]},
        left_out=["keras_jax"],
        seconds=1.0,
        limits={"2": [400e9, 500e9, 600e9]},
        measurements=[
            Measurement("chainrule_jit", "xor", 2, [a_round(5e-6, 0.6), a_round(4e-6, 0.06), a_round(9e-6, 0.04)]),
            Measurement("torch_eager", "xor", 2, [a_round(2e-4)]),
            Measurement("torch_fused", "xor", 2, [a_round(1e-4)]),
            Measurement("torch_compiled", "xor", 2, failed="no compiler"),
            Measurement("torch_eager", "autoencoder", 2, [a_round(3e-3)]),
            Measurement("scikit_learn", "autoencoder", 2, cannot="it has no BatchNorm"),
            Measurement("torch_last", "lenet", 2, [a_round(3e-3)]),
            Measurement("torch_fused", "batch-1", 2, [a_round(3e-4)]),
            Measurement("torch_fused", "batch-2", 2, [a_round(4e-4)]),
        ],
        agreements=[
            Agreement("chainrule_jit", "xor", 20, loss=0.70001, reference=0.7, tolerance=1e-4),
            Agreement("chainrule_jit", "autoencoder", 20, loss=0.8, reference=0.7, tolerance=1e-4),
        ],
    )


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which there is no peer."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name != "chainrule" else object())
    assert BY_MODULE["torch_eager"].missing() == ["torch"]
