import io

import pytest
from rich.console import Console

from benchmarks import picture, table
from benchmarks.report import document


def shown(made: table.Table, **options: object) -> str:
    console = Console(file=io.StringIO(), width=160, **options)
    made.show(console)
    return console.file.getvalue()


def line_of(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.strip("| ").startswith(start))


def test_details_name_everyone(results):
    text = shown(table.details(results, 2))
    assert line_of(text, "chainrule, cr.jit").split()[2:] == [
        *("5.00", "4.00", "to", "9.00", "20.0×", "0.1%", "0.60", "0.05", "0.25", "64")
    ]
    assert line_of(text, "JAX jit, optax").split()[-1] == "missing"
    assert line_of(text, "PyTorch, torch.compile").split()[-1] == "failed"
    assert line_of(text, "scikit-learn").split()[-1] == "cannot"
    assert "Keras" not in text


def test_overview_sets_ours_beside_the_fastest_peer(results):
    line = line_of(shown(table.overview(results, 2)), "MLP 8-16-1")
    assert "100 PyTorch, fused Adam" in line
    assert "20.0×" in line
    assert "10×" in line  # the goal


def test_off_a_terminal_lines_are_plain_and_whole(results):
    for made in (table.overview(results, 2), table.details(results, 2)):
        text = shown(made)
        assert text.isprintable() or "\x1b" not in text
        assert "…" not in text
        assert "─" not in text


def test_markdown_has_as_many_columns_everywhere(results):
    for made in (table.overview(results, 2), table.details(results, 2)):
        assert {line.count("|") for line in made.markdown().splitlines()} == {len(made.columns) + 1}


def test_notes_say_who_is_absent_and_what_is_wrong(results):
    text = "\n".join(table.notes(results))
    assert "JAX jit, optax is missing: optax not installed." in text
    assert "Not asked for in this run: Keras on JAX, fit." in text
    assert "scikit-learn, fit cannot express autoencoder: it has no BatchNorm." in text
    assert "threads: 2: 500 GFLOP/s" in text
    assert "torch_compiled failed on xor: no compiler." in text
    assert "chainrule_jit does not train as PyTorch on autoencoder." in text


def test_a_disturbed_run_is_said_to_be_so(results):
    text = "\n".join(table.notes(results))
    assert "chainrule, cr.jit on xor (threads: 2)." in text  # 4 to 9 µs
    assert "busy" not in text
    results.machine["load"] = 1.5
    assert "busy with other work as the run began (load 1.5)" in "\n".join(table.notes(results))


def test_a_limit_that_was_not_measured_is_said_to_be_so(results):
    results.limits.clear()
    assert "threads: 2: not measured" in "\n".join(table.notes(results))
    assert line_of(shown(table.details(results, 2)), "chainrule, cr.jit").split()[2:7] == [
        "5.00",
        "4.00",
        "to",
        "9.00",
        "20.0×",
    ]


def test_pictures_and_document_hold_the_run(results, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib draws the pictures")
    written = picture.save(results, tmp_path / "run")
    assert [file.name for file in written] == ["run-speeds-2.png", "run-pictures-2.png", "run-scaling-2.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in written)
    text = document(results, written)
    assert "A Processor, 2 cores" in text
    assert "2026-01-02" in text
    assert "JAX jit, optax is missing" in text
    assert "![run speeds 2](images/run-speeds-2.png)" in text


def test_a_picture_names_who_is_absent(results):
    pytest.importorskip("matplotlib", reason="matplotlib draws the pictures")
    below = picture.speeds(results, 2, of_pictures=False).get_supxlabel()
    assert "not installed: JAX jit, optax · not asked for: Keras on JAX, fit" in below
