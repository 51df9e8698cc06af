"""Whole runs, as short as they can be: what processes print, who fails, what is said meanwhile."""

import math

import pytest

from benchmarks import agreement, process, rounds
from benchmarks.__main__ import arguments
from benchmarks.catalogue import find
from benchmarks.contestants import BY_MODULE, CONTESTANTS
from benchmarks.results import Measurement, Results
from benchmarks.rounds import Plan, ProcessFailedError, in_a_process

JIT = BY_MODULE["chainrule_jit"]


def a_plan(*contestants: str) -> Plan:
    return Plan([find("xor")], [BY_MODULE[one] for one in contestants], threads=[1], rounds=2, seconds=0.01)


def test_a_process_of_its_own_prints_its_figures(tmp_path):
    command = ["benchmarks.process", "chainrule_jit", "xor", "--seconds", "0.01"]
    figures = in_a_process(command, threads=1, cache=tmp_path)
    assert set(figures) == {
        *("import_seconds", "first_call_seconds", "step_seconds", "least_seconds", "most_seconds"),
        *("steps", "peak_bytes"),
    }
    assert figures["least_seconds"] <= figures["step_seconds"] <= figures["most_seconds"]


def test_the_time_of_a_step_is_that_of_whole_units_after_a_warm_up(monkeypatch):
    clock, asked = [0.0], []
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])

    def train(count: int) -> float:
        asked.append(count)
        clock[0] += count * (1.0 if clock[0] < 5 else 0.001)  # slow until it is warm
        return 0.0

    figures = process.steps(train, unit=7, seconds=10.0, block_seconds=0.05)
    assert {count % 7 for count in asked} == {0}
    assert figures["step_seconds"] == pytest.approx(0.001)
    assert figures["steps"] >= 10_000


def test_a_run_goes_round_by_round(monkeypatch):
    order = []

    def answer(module, threads, cache=None):
        order.append(module[1])
        return {"flops": 1e9} if module[0] == "benchmarks.limit" else {"step_seconds": 1e-6}

    monkeypatch.setattr(rounds, "in_a_process", answer)
    results = Results.beginning([JIT], 0.01)
    plan = a_plan("chainrule_jit", "chainrule_fit")
    told = list(rounds.run(plan, results))
    assert order == ["--threads", "chainrule_jit", "chainrule_fit"] * 2
    assert [done for done, _, _ in told] == [1, 2, 3, 4, 5, 6]
    assert results.limits == {"1": [1e9, 1e9]}
    assert [len(one.rounds) for one in results.measurements] == [2, 2]


def test_a_process_that_fails_is_told_and_not_run_again(monkeypatch, tmp_path):
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        raise ProcessFailedError("out of luck")

    monkeypatch.setattr(rounds, "in_a_process", fail)
    one = Measurement("chainrule_jit", "xor", 1)
    assert "failed: out of luck" in rounds.measure(one, 0.01, tmp_path)
    assert "not again" in rounds.measure(one, 0.01, tmp_path)
    assert len(calls) == 1
    assert one.failed == "out of luck"


def test_the_error_of_a_process_is_its_last_line():
    with pytest.raises(ProcessFailedError, match="KeyError: 'no such workload'"):
        in_a_process(["benchmarks.process", "chainrule_jit", "no such workload"], threads=1)


@pytest.mark.usefixtures("nothing_installed")
def test_without_peers_ours_is_measured_and_agreement_is_said_to_be_unchecked():
    results = Results.beginning(CONTESTANTS, 0.01)
    told = list(agreement.check([find("xor")], CONTESTANTS, results))
    assert told == [results.no_agreement]
    assert "PyTorch" in results.no_agreement
    assert {one.contestant for one in a_plan(*BY_MODULE).measurements()} == {"chainrule_jit", "chainrule_fit"}


def test_ours_trains_as_pytorch_does():
    pytest.importorskip("torch", reason="PyTorch is what ours is compared with")
    results = Results.beginning([JIT], 0.01)
    (told,) = agreement.check([find("xor")], [JIT], results)
    (found,) = results.agreements
    assert found.holds, told
    assert math.isfinite(found.loss)


def test_scikit_learn_says_what_it_cannot_express():
    module = pytest.importorskip("benchmarks.contestants.scikit_learn", reason="scikit-learn is not installed")
    with pytest.raises(module.NotExpressibleError, match="no BatchNorm and no Dropout"):
        module.prepare(find("autoencoder"))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--only", "mpl"], "'mpl' is none of mlp-small, mlp"),
        (["--contestants", "tensorflow"], "'tensorflow' is none of"),
        (["--rounds", "0"], "no whole number of at least 1"),
        (["--threads", "100000"], "fewer than 100000 threads"),
    ],
)
def test_what_cannot_be_asked_for_is_said(given, complaint, capsys):
    with pytest.raises(SystemExit):
        arguments().parse_args(given)
    assert complaint in " ".join(capsys.readouterr().err.split())


def test_a_part_can_be_asked_for():
    asked = arguments().parse_args(["--only", "xor,batch", "--rounds", "3", "--contestants", "torch_fused"])
    assert (asked.only, asked.rounds, asked.contestants) == (["xor", "batch"], 3, ["torch_fused"])
