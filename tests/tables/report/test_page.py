"""The page: whole, harmless whatever stands in the data, and in need of nothing else."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from chainrule.errors import FileFormatError, RunFolderError
from chainrule.tables.report import DATA, PAGE, Report, rewrite_report, write_report
from tests.tables.report.examples import EVIL, classes_tested, numbers_tested, report

VOID = {"meta", "img", "br", "link", "input", "hr"}
FETCHES = {"src", "href", "srcset", "data", "action", "poster", "xlink:href", "background"}


class Page(HTMLParser):
    """What a browser would find in it."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.fetched, self.ids, self.text, self.attributes = [], [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.fetched += [value for name, value in attrs if name in FETCHES]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    page = write_report(report(classes_tested(2), classes_tested(30), numbers_tested()), folder)
    return page, page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(written):
    return Page(written[1])


def test_every_element_is_closed(page):
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_nothing_is_fetched_and_nothing_runs(page, written):
    assert {"script", "link", "iframe", "object", "embed", "base", "form"}.isdisjoint(page.tags)
    inside = {f"#{name}" for name in page.ids}
    assert all(each in inside or each.startswith("data:image/jpeg;base64,") for each in page.fetched)
    assert not [name for name in page.attributes if name.startswith("on")]
    style = written[1].split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_names_stay_names(page):
    assert "".join(page.text).count(EVIL) > 20
    # The pictures of the worst mistakes, and no others.
    assert page.tags.count("img") == 3 * 24


def test_headings_skip_no_level(page):
    levels = [int(tag[1]) for tag in page.tags if tag in {"h1", "h2", "h3", "h4", "h5"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_is_written_again_from_its_data(written, tmp_path):
    page, text = written
    (tmp_path / DATA).write_bytes((page.parent / DATA).read_bytes())
    assert rewrite_report(tmp_path) == tmp_path / PAGE
    assert (tmp_path / PAGE).read_text(encoding="utf-8") == text


def test_data_survives_json():
    first = Report.from_json(report(classes_tested(3), numbers_tested()).to_json())
    again = Report.from_json(json.loads(json.dumps(first.to_json(), allow_nan=False)))
    assert again == first


def test_what_is_no_number_is_left_out_and_what_cannot_be_written_is_marked():
    plain = report(classes_tested(2)).to_json()
    assert set(plain["training"]["curves"][1]["training"]) == {None}
    assert plain["data"]["columns"][1]["name"] == "file \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


def test_a_folder_without_a_report_is_said(tmp_path):
    with pytest.raises(RunFolderError, match=r"report\.json"):
        rewrite_report(tmp_path)


@pytest.mark.parametrize("content", ["[]", "{", '{"data": 3}'])
def test_a_broken_report_is_said(tmp_path, content):
    (tmp_path / DATA).write_text(content)
    with pytest.raises(FileFormatError, match=r"report\.json"):
        rewrite_report(tmp_path)
    assert not (tmp_path / PAGE).exists()


def test_there_is_a_page_of_almost_nothing(tmp_path):
    """One epoch, and then not even a target."""
    write_report(report(numbers_tested(), epochs=1), tmp_path)
    write_report(report(epochs=0), tmp_path)


@pytest.mark.parametrize("limit", ["", "time_limit = 60\n"])
def test_the_same_numbers_are_promised_where_time_does_not_decide(tmp_path, limit):
    whole = report(numbers_tested())
    said = replace(whole, run=replace(whole.run, settings=f"seed = 0\n{limit}"))
    text = " ".join(write_report(said, tmp_path).read_text(encoding="utf-8").split())
    assert ("the same command gives the same numbers." in text) == (not limit)
    assert ("if as many updates fit into the time limit." in text) == bool(limit)
