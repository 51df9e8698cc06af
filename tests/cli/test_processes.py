"""The command as a process of its own: what no test within this process can show."""

import os
import re
import signal
import subprocess
import sys

import pytest

from chainrule.tables.run_folder import read_run

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX systems")
QUICK = ["train", "--model", "mlp"]


def surroundings():
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def start(tmp_path):
    """Starts `python -m chainrule` in a folder of its own, with output that is buffered as it is for users."""

    def run(*arguments, **environment):
        return subprocess.Popen(
            [sys.executable, "-m", "chainrule", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**surroundings(), **environment},
            text=True,
            encoding="utf-8",
        )

    return run


@POSIX
def test_ctrl_c_tests_what_was_learnt(start, tmp_path):
    process = start(*QUICK, "--epochs", "10000", "--patience", "10000", "--out", "run")
    for line in process.stdout:
        if re.match(r"epoch +2/", line):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "interrupted: what has been learnt so far is tested" in out
    assert read_run(tmp_path / "run").record.interrupted


@POSIX
def test_ctrl_c_before_there_is_anything_to_test(start, tmp_path):
    process = start(*QUICK, "--out", "run")
    for line in process.stdout:
        if line.startswith("Data"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "\ninterrupted: nothing was written\n"
    assert not list(tmp_path.iterdir())


@POSIX
def test_ctrl_c_while_modules_are_imported():
    script = """
import sys

class Slow:
    def find_spec(self, name, *_):
        if name == "numpy":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Slow())
from chainrule_command import main
import signal
main()
"""
    ended = subprocess.run([sys.executable, "-c", script], env=surroundings(), capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


@POSIX
def test_whoever_ends_it_finds_the_temporary_directory_as_it_was(start, tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "rows.csv").write_text("a,b\n" + "".join(f"{n % 7},{n % 2}\n" for n in range(200)))
    quick = ["train", "rows.csv", "--target", "b", "--epochs", "10000", "--patience", "10000"]
    process = start(*quick, TMPDIR=str(tmp_path / "tmp"))
    for line in process.stdout:
        if re.match(r"epoch +2/", line):
            break
    assert list((tmp_path / "tmp").iterdir())
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (143, "")
    assert not list((tmp_path / "tmp").iterdir())
    assert not (tmp_path / "runs").exists()


@POSIX
def test_a_reader_that_has_seen_enough(start, tmp_path):
    process = start(*QUICK, "--epochs", "3", "--out", "run")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()
    assert not list(tmp_path.iterdir())


def test_a_terminal_that_has_ascii_only(start, tmp_path):
    (tmp_path / "Zahlen-ü").mkdir()
    process = start("train", "Zahlen-ü", LANG="C", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Zahlen-\\xfc: there is nothing in this folder that can be read." in err
    assert "Traceback" not in out + err


@POSIX
def test_on_a_terminal_there_is_a_bar(tmp_path):
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", *QUICK, "--epochs", "2", "--out", "run"],
        cwd=tmp_path,
        stdout=slave,
        stderr=slave,
        env={**surroundings(), "TERM": "xterm", "COLUMNS": "90"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 1 << 16)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    text = shown.decode()
    assert process.wait(timeout=60) == 0
    assert "━" in text
    assert re.search(r"epoch 2/2  training: loss \d\.\d+  accuracy \d\.\d+  f1 \d\.\d+   validation: loss", text)
    assert (tmp_path / "run" / "run.json").exists()
