"""What people's data is called can be read in the pictures, whatever fonts there are."""

from itertools import combinations

import numpy as np
import pytest

from chainrule.tables.report import fonts
from chainrule.tables.report.canvas import SMALL, TEXT, Canvas, width_of

BOX = "\U0010ffff"


def drawn(text: str, size: int = TEXT) -> bytes:
    paper = Canvas(300, 40)
    paper.text((10, 20), text, 280, size=size)
    return paper.image.tobytes()


@pytest.fixture
def pillows_alone(monkeypatch):
    monkeypatch.setattr(fonts, "_WIDER", ())


@pytest.fixture(params=["all fonts", "Pillow's alone"])
def every_choice(request):
    if request.param == "Pillow's alone":
        request.getfixturevalue("pillows_alone")


@pytest.mark.usefixtures("every_choice")
@pytest.mark.parametrize("size", [SMALL, TEXT])
def test_letters_are_told_apart(size):
    for one, other in combinations(["Ä", "é", "ã", "ß", "ö", "–", "×", "·", "…"], 2):
        assert drawn(one, size) != drawn(other, size)


@pytest.mark.usefixtures("every_choice")
@pytest.mark.parametrize(
    "text",
    ["Äpfel größer", "Cafe\u0301 São", "A shäpes 形", "한 ○ 🐱", "\u200b\ufe0f\u0301", "\udcff\x00\u202e", "㈎½ﬁ"],
)
def test_no_letter_is_a_box(text):
    font, line = fonts.line_of(text, TEXT)
    box = bytes(font.getmask(BOX))
    assert all(bytes(font.getmask(letter)) != box for letter in line if letter != " ")


@pytest.mark.usefixtures("pillows_alone")
@pytest.mark.parametrize(
    ("text", "plain"),
    [("ạbc", "abc"), ("một", "mot"), ("한 ○ a", "? ? a"), ("e\u0323", "e"), ("a\u200db", "ab"), ("−0.5", "-0.5")],
)
def test_what_no_font_has_is_written_plainly(text, plain):
    assert drawn(text) == drawn(plain)
    assert width_of(text) == width_of(plain)


@pytest.mark.usefixtures("pillows_alone")
def test_names_of_which_nothing_can_be_drawn_are_told_apart():
    names = ["한국어", "日本語", "ไทย", "हिन्दी"]
    assert len({drawn(name) for name in names}) == len(names)


@pytest.mark.usefixtures("every_choice")
def test_the_width_is_that_of_what_is_drawn():
    for text in ("Äpfel größer", "A shäpes 形", "한국어 고양이", "Кошки"):
        ink = np.flatnonzero((np.frombuffer(drawn(text), np.uint8).reshape(40, 300, 3) < 255).any(axis=(0, 2)))
        assert abs(ink[-1] + 1 - 10 - width_of(text)) <= 2


@pytest.mark.skipif(
    not fonts._of_matplotlib("DejaVuSans.ttf").exists(), reason="DejaVuSans comes with matplotlib, the extra `plot`"
)
def test_with_matplotlib_letters_of_europe_keep_their_marks():
    for text in ("Äpfel größer", "Café São", "Łódź", "Кошки"):
        assert fonts.line_of(text, TEXT)[1] == text
