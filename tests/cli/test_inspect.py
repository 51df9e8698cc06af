"""`chainrule inspect` and `chainrule profile` show the training step of a run."""

import pytest

from chainrule.jit.stages import STAGES
from tests.tables.test_run_folder import edit


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_names_the_layers(chainrule, run, stage):
    code, out, err = chainrule("inspect", "run", "--stage", stage)
    assert (code, err) == (0, "")
    assert all(layer in out for layer in ("hidden1", "hidden2", "output"))


def test_one_layer_at_one_stage(chainrule, run):
    code, out, _ = chainrule("inspect", "run", "--stage", "kernels", "--kernel", "hidden2.forward")
    assert code == 0
    assert out.startswith("kernel ")
    # The batch of 64 rows that the run was trained with; and no line of the user's, since there is none.
    assert "# Linear 'mlp.hidden2', forward\n" in out
    assert "for m < 64:" in out
    assert "hidden1.forward" not in out


def test_one_kernel_at_every_stage(chainrule, run):
    code, out, _ = chainrule("inspect", "run", "--kernel", "output.weight")
    assert code == 0
    places = [out.index(f"\n{stage}\n{'-' * len(stage)}\n") for stage in STAGES]
    assert places == sorted(places)
    assert "Adam 'mlp.output.weight', update" in out
    assert "output.weight.update." in out


def test_costs_and_memory(chainrule, run):
    code, out, _ = chainrule("inspect", "run")
    assert code == 0
    assert out.startswith("training_step: ")
    assert "Operations and bytes\n" in out
    assert "hidden1.weight.update." in out
    assert "hidden1.weight.exp_avg" in out
    assert "its buffers apart" in out


def test_a_profile(chainrule, run):
    code, out, err = chainrule("profile", "run", "--repeat", 2)
    assert (code, err) == (0, "")
    assert "µs a step" in out
    for name in ("mlp.hidden1", "Adam", "mlp.hidden2.backward.matmul+dropout+relu"):
        assert f"\n{name} " in out


def test_full_batch(chainrule, train):
    train("--batch-size", 0, "--out", "run")
    assert "for m < 1221:" in chainrule("inspect", "run", "--stage", "kernels").out


def test_a_profile_of_a_run_whose_optimizer_looks_ahead(chainrule, home):
    table = "\n".join(["x,y", *(f"{i % 7},{i % 7 * 2}" for i in range(60))])
    (home / "t.csv").write_text(table)
    said = ["model = 'linear'", "optimizer = 'sgd'", "momentum = 0.9", "nesterov = true", "epochs = 1"]
    (home / "t.toml").write_text("\n".join(["data = 't.csv'", "target = 'y'", "out = 'run'", *said]))
    assert chainrule("train", "t.toml").code == 0
    assert chainrule("profile", "run", "--repeat", 1).code == 0


def test_names_that_there_are_not(chainrule, run):
    code, _, err = chainrule("inspect", "run", "--stage", "machine")
    assert code == 2
    assert "there is no stage called 'machine'" in err
    code, _, err = chainrule("inspect", "run", "--stage", "asm", "--kernel", "hidden9.forward.matmul")
    assert code == 1
    assert "error: there is no kernel called 'hidden9.forward.matmul'." in err
    assert "hidden2.forward.matmul" in err


@pytest.mark.parametrize("command", ["inspect", "profile"])
def test_what_is_no_run(chainrule, run, home, command):
    code, out, err = chainrule(command, "nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("error: nowhere: ")
    (run / "weights.safetensors").unlink()
    assert "a file of the run folder is missing" in chainrule(command, "run").err
    edit(run, "run.json", ["run", "plan", "architecture", "model"], "mpl")
    assert "there is no model called 'mpl'" in chainrule(command, "run").err
