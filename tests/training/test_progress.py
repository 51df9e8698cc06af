"""What a person sees while training goes on: plain lines into a file, a bar on a terminal."""

import os
import re
import sys

import numpy as np
import pytest

from chainrule.training import ProgressBar
from chainrule.training.callbacks import progress


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when somebody looks: so many seconds each time."""

    def going(step):
        now = 0.0

        def look():
            nonlocal now
            now += step
            return now

        monkeypatch.setattr(progress.time, "perf_counter", look)

    return going


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_a_line_for_each_epoch(blobs, classifier, capsys):
    classifier.fit(*blobs, epochs=2, validation_split=0.25, verbose=2)
    epochs = [line for line in lines(capsys) if line.startswith("epoch")]
    measured = r"loss \d\.\d{4}  accuracy \d\.\d{4}"
    assert len(epochs) == 2
    for number, line in enumerate(epochs, start=1):
        assert re.fullmatch(rf"epoch {number}/2  training: {measured}   validation: {measured}  \d\.\d s", line)


def test_long_epochs_are_not_silent(blobs, classifier, capsys, clock):
    clock(1.0)
    classifier.fit(*blobs, batch_size=5, epochs=1, verbose=2)
    within = [line for line in lines(capsys) if "batch" in line and "left" in line]
    assert re.fullmatch(r"epoch 1/1  batch \d+/24  training: loss \d.\d+  accuracy \d.\d+  \d+ s left", within[0])
    # A line at least every few looks, but not one a batch.
    assert 4 <= len(within) <= 12


def test_short_epochs_have_one_line(blobs, classifier, capsys, clock):
    clock(0.01)
    classifier.fit(*blobs, batch_size=5, epochs=3, verbose=2)
    assert len([line for line in lines(capsys) if line.startswith("epoch")]) == 3


def test_no_bar_where_output_is_no_terminal(blobs, classifier, capsys):
    classifier.fit(*blobs, epochs=1, verbose=1)
    assert "\x1b" not in capsys.readouterr().out


def test_without_any_standard_output(blobs, classifier, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    classifier.fit(*blobs, epochs=1, verbose=1)


def test_ones_own_progress_bar_is_the_only_one(blobs, classifier, capsys):
    classifier.fit(*blobs, epochs=1, callbacks=[ProgressBar(bar=False)])
    assert len([line for line in lines(capsys) if line.startswith("epoch")]) == 1


def test_metrics_that_cannot_be_told_yet(blobs, classifier, capsys, clock):
    # Nothing has a weight in the first batches.
    clock(4.0)
    weight = np.r_[np.zeros(80), np.ones(40)]
    classifier.fit(*blobs, batch_size=20, sample_weight=weight, shuffle=False, epochs=1, verbose=2)
    assert re.search(r"batch \d/6  training: loss 0\.0000  \d+ s left", capsys.readouterr().out)


def everything(terminal):
    """What was written to a terminal that is closed: the system hands it on in pieces, and at the end is an error."""
    parts = []
    try:
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts).decode()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are there on POSIX systems only")
@pytest.mark.parametrize("columns", [100, 30])
def test_a_bar_on_a_terminal(blobs, classifier, monkeypatch, columns, clock):
    import pty

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.delenv("NO_COLOR", raising=False)
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        said = []
        classifier.fit(*blobs, batch_size=40, epochs=2, validation_split=0.25, callbacks=[ProgressBar(), Says(said)])
        assert sys.stdout is terminal
    shown = everything(master)
    os.close(master)
    assert "━" in shown
    assert re.search(r"epoch 2/2  training: loss \d\.\d+  accuracy", shown)
    # What is said while the bar runs is not read as markup.
    assert "[bold] in brackets" in shown


class Says(progress.Callback):
    def __init__(self, said):
        self.said = said

    def on_epoch_end(self, epoch, logs):
        self.session.say("[bold] in brackets")
