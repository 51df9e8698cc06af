import json
import math
import sys

import pytest

from chainrule.errors import ArgumentError, MissingDependencyError, UnknownNameError
from chainrule.training import History


@pytest.fixture
def history():
    made = History()
    made.add(0, {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.5}, seconds=0.1)
    made.add(1, {"loss": math.nan, "accuracy": 0.75, "val_loss": math.inf}, seconds=0.2)
    return made


def test_a_column_that_begins_later(history):
    history.add(2, {"loss": 0.5, "accuracy": 1.0, "val_loss": 1.0, "lr": 0.1}, seconds=0.1)
    assert history["lr"][-1] == 0.1
    assert all(math.isnan(value) for value in history["lr"][:2])


def test_an_unknown_column(history):
    with pytest.raises(UnknownNameError, match="did you mean 'val_loss'"):
        history["val_los"]


def test_through_json_and_back(history):
    again = History.from_dict(json.loads(json.dumps(history.to_dict(), allow_nan=False)))
    assert again.epoch == [0, 1]
    assert again.seconds == [0.1, 0.2]
    assert again["accuracy"] == [0.5, 0.75]
    assert math.isnan(again["loss"][1])


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"epoch": [0], "seconds": [0.1], "history": {"loss": [1.0, 2.0]}},
        {"epoch": [0], "seconds": [], "history": {}},
        {"epoch": ["x"], "seconds": [0.1], "history": {}},
        {"epoch": [0], "seconds": [0.1], "history": [1]},
    ],
)
def test_what_is_no_history(broken):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        History.from_dict(broken)


def test_it_reads_as_text(history):
    assert repr(history) == "History(2 epochs; last: loss nan, accuracy 0.75, val_loss inf)"
    assert repr(History()) == "History(no epochs)"


def test_curves(history, tmp_path):
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib, the extra `plot`")
    figure = history.plot(tmp_path / "history.png")
    loss, accuracy = figure.axes
    assert (loss.get_title(), accuracy.get_title()) == ("loss", "accuracy")
    assert [line.get_label() for line in loss.get_lines()] == ["loss (while training)", "val_loss"]
    assert list(loss.get_lines()[0].get_xdata()) == [1, 2]
    assert all(tick == int(tick) for tick in loss.get_xticks())
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")


def test_curves_of_nothing():
    with pytest.raises(ArgumentError, match="nothing to draw"):
        History().plot()


def test_without_matplotlib(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingDependencyError, match=r"chainrule\[plot\]"):
        history.plot()
