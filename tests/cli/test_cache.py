"""`chainrule cache` shows and clears the compiled programs."""

import pytest

from chainrule.native.cache import Entry, cached


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_shows_and_clears(chainrule, folder):
    for key in (b"a", b"b"):
        cached(key, lambda: Entry(b"x" * 600_000))
    code, out, err = chainrule("cache")
    assert (code, err) == (0, "")
    assert out == f"folder    {folder}\nprograms  2, 1.2 MB\nlimit     512 MB\n"
    assert chainrule("cache", "--clear").out == "removed 2, 1.2 MB\n"
    assert not list(folder.iterdir())
    assert chainrule("cache", "--clear").out == "removed 0, 0.0 MB\n"


def test_no_folder_yet_and_none_at_all(chainrule, folder, monkeypatch):
    assert "programs  0, 0.0 MB" in chainrule("cache").out
    assert not folder.exists()
    monkeypatch.setenv("CHAINRULE_CACHE", "off")
    assert "not kept" in chainrule("cache").out
    assert chainrule("cache", "--clear").out == "removed 0, 0.0 MB\n"


def test_a_limit_that_is_no_number(chainrule, folder, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_SIZE", "much")
    code, _, err = chainrule("cache")
    assert code == 1
    assert "CHAINRULE_CACHE_SIZE" in err
