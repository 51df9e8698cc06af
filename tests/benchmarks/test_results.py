import json

import pytest

from benchmarks.contestants import CONTESTANTS
from benchmarks.results import Results


def test_what_is_saved_is_what_is_loaded(results, tmp_path):
    results.save(tmp_path / "new" / "run.json")
    assert Results.load(tmp_path / "new" / "run.json") == results


def test_the_json_says_what_it_holds(results, tmp_path):
    results.save(tmp_path / "run.json")
    read = json.loads((tmp_path / "run.json").read_text())
    assert set(read) == {
        *("date", "machine", "versions", "missing", "left_out", "seconds"),
        *("limits", "measurements", "agreements", "no_agreement"),
    }
    assert set(read["measurements"][0]) == {"contestant", "workload", "threads", "rounds", "cannot", "failed"}
    assert set(read["measurements"][0]["rounds"][0]) == {
        *("import_seconds", "first_call_seconds", "step_seconds", "least_seconds", "most_seconds"),
        *("steps", "peak_bytes"),
    }


def test_medians_are_of_the_rounds(results):
    jit = results.measurements[0]
    assert jit.step_seconds == 5e-6
    assert jit.spread == (4e-6, 9e-6)
    assert jit.first_call == (0.6, pytest.approx(0.05))
    assert results.limit(2) == 500e9
    assert results.limit(1) is None


def test_the_fastest_peer_is_not_ours(results):
    assert results.fastest_peer("xor", 2) == 1e-4
    assert results.fastest_peer("mlp", 2) is None


def test_failures_and_disagreements_break_the_run(results):
    assert results.broken == [
        "torch_compiled failed on xor: no compiler",
        "chainrule_jit does not train as PyTorch on autoencoder",
    ]


@pytest.mark.usefixtures("nothing_installed")
def test_who_is_not_installed_is_missing():
    results = Results.beginning(CONTESTANTS, seconds=1.0)
    assert set(results.missing) == {one.module for one in CONTESTANTS if not one.ours}
    assert results.missing["keras_jax"] == ["keras", "jax"]
    assert set(results.versions) == {"chainrule"}
