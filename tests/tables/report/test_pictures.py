"""What a test has shown, drawn: everything within the picture, and where it belongs."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from chainrule.tables.report.canvas import PAPER, Canvas, fitted, fitted_path, width_of
from chainrule.tables.report.confusion import confusion_picture
from chainrule.tables.report.data import Mistake, MistakesPart
from chainrule.tables.report.pictures import write_pictures
from chainrule.tables.report.sheet import mistakes_sheet
from chainrule.tables.tested import Result
from tests.tables.report import examples

LONG = "Great Pyrenees, photographed from very far away " * 20


def mistake(colour: tuple[int, int, int], name: str = "a.png") -> Mistake:
    stream = io.BytesIO()
    Image.new("RGB", (160, 80), colour).save(stream, "PNG")
    return Mistake("row 1", LONG, LONG, "98 %", (), name, base64.b64encode(stream.getvalue()).decode())


def edges(canvas: Canvas) -> np.ndarray:
    pixels = np.asarray(canvas.image)
    return np.concatenate([pixels[:, :12].reshape(-1, 3), pixels[:, -12:].reshape(-1, 3), pixels[-2:].reshape(-1, 3)])


def test_a_sheet_has_its_pictures_in_order_and_nothing_beyond_its_edges():
    shown = [mistake((0, 0, 200))] + [mistake((0, 200, 0), LONG)] * 6
    sheet = mistakes_sheet(LONG, MistakesPart((), (*shown, Mistake("row 9", "a", "b", "", ()))))
    assert sheet.image.size == (1128, 556)
    assert sheet.image.getpixel((104, 144)) == (0, 0, 200)
    assert sheet.image.getpixel((288, 144)) == sheet.image.getpixel((104, 390)) == (0, 200, 0)
    assert (edges(sheet) == PAPER).all()


def test_mistakes_without_pictures_make_no_sheet():
    assert mistakes_sheet("", MistakesPart((), (Mistake("row 9", "a", "b", "", ()),))) is None


@pytest.mark.parametrize("classes", [1, 2, 10, 100, 1000])
def test_a_confusion_matrix_is_blue_where_it_is_right_and_red_where_it_is_wrong(classes):
    counts = np.eye(classes, dtype=np.int64) * 3
    counts[0, -1] += 3
    canvas = confusion_picture(LONG, ["a", LONG, *map(str, range(2, classes))][:classes], counts)
    assert max(canvas.image.size) < 1800
    assert (edges(canvas) == PAPER).all()
    cell = max(min(1400 // classes, max(56, 320 // classes)), 1)
    # The corner of the last row and column, without what is written in its middle.
    right, bottom = canvas.image.width - 24, canvas.image.height - 24
    if classes > 4:
        red, _, blue = canvas.image.getpixel((right - cell, bottom - cell * classes))
        assert red > blue
        red, _, blue = canvas.image.getpixel((right - cell, bottom - cell))
        assert blue > red


@pytest.mark.parametrize(
    "names",
    [["Kreis rund", "b"], ["Kreis ○ rund", "Dreieck"], ["a photograph of a cat that lies in the sun"], [LONG, "b"]],
)
def test_a_name_is_cut_alike_beside_and_above_the_matrix(names, monkeypatch):
    drawn, draw = [], Canvas.text

    def noted(canvas, place, text, width, **style):
        drawn.append((text, fitted(text, width, style["size"])))
        draw(canvas, place, text, width, **style)

    monkeypatch.setattr(Canvas, "text", noted)
    confusion_picture("", names, np.ones((len(names), len(names)), np.int64))
    for name in names:
        beside, above = [line for text, line in drawn if text == name]
        assert beside == above
        assert (beside == name) == (width_of(name, 12) <= 200)


def test_of_a_long_path_the_end_is_shown():
    assert fitted_path("a/b.png", 100) == "a/b.png"
    path = "training set of all pictures/cats/indoors/0001.png"
    shown = fitted_path(path, 160)
    assert shown.startswith("…/")
    assert path.endswith(shown[1:])
    assert width_of(shown) <= 160 < width_of(f"…/cats/{shown[2:]}")
    assert fitted_path(f"a/{LONG}", 100).startswith("Great")
    assert fitted_path("", 100) == ""


@pytest.mark.parametrize("text", ["", "cats", LONG, "a\nb\tc", "고양이" * 50, "…" * 90, "\udcff\x00 \u202e"])
@pytest.mark.parametrize("width", [0, 7, 100])
def test_texts_fit(text, width):
    line = fitted(text, width)
    assert "\n" not in line
    assert width_of(line) <= max(width, width_of("…"))


def test_a_test_of_numbers_has_no_confusion_and_one_without_pictures_no_sheet(tmp_path):
    numbers, classes = examples.numbers_tested(), examples.classes_tested(3)
    nothing = MistakesPart((), ())
    assert write_pictures(tmp_path / "none", [Result.of(numbers)], [nothing]) == []
    assert not (tmp_path / "none").exists()
    both = write_pictures(tmp_path / "some", [Result.of(classes), Result.of(numbers)], [nothing, nothing])
    assert [path.name for path in both] == ["confusion.png"]
    two = write_pictures(tmp_path / "two", [Result.of(classes)] * 2, [nothing] * 2)[0]
    with Image.open(two) as below, Image.open(both[0]) as alone:
        assert below.size == (alone.width, 2 * alone.height)
