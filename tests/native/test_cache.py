"""What is read from the cache is exactly what was written there, or nothing."""

import hashlib
import multiprocessing
import os
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from chainrule.errors import ArgumentError
from chainrule.native import cache
from chainrule.native.cache import Contents, Entry, cached, clear, contents

ENTRY = Entry(b"machine code " * 50, {"threads": 3, "timed": False}, b"constants" * 20)

posix = pytest.mark.skipif(os.name != "posix", reason="owners and permissions as POSIX has them")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CHAINRULE_CACHE_SIZE", raising=False)
    monkeypatch.setattr(cache, "_unusable", set())
    return tmp_path / "cache"


def never():
    raise AssertionError("made again")


def is_kept(key=b"key"):
    """Whether there is an entry; if so, it must be the right one."""
    made = []
    assert cached(key, lambda: made.append(True) or ENTRY) == ENTRY
    return not made


def the_file(folder):
    (path,) = folder.glob("*.program")
    return path


def test_kept_by_its_key(folder):
    assert not is_kept()
    assert cached(b"key", never) == ENTRY
    assert not is_kept(b"other key")
    assert contents(folder).entries == 2


def test_nothing_is_kept_without_a_key_or_a_folder(folder, monkeypatch):
    assert not is_kept(None)
    for off in ("off", "0", "OFF"):
        monkeypatch.setenv("CHAINRULE_CACHE", off)
        assert not is_kept()
        assert not is_kept()
    assert not folder.exists()


def test_another_processor_or_version_has_entries_of_its_own(monkeypatch):
    is_kept()
    monkeypatch.setattr(cache, "_versions", lambda: ("0.0",))
    assert not is_kept()


@posix
def test_readable_by_its_owner_only(folder):
    is_kept()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert the_file(folder).stat().st_mode & 0o777 == 0o600


# --- corrupt and foreign entries ---


def test_a_change_of_any_byte_is_noticed(folder):
    is_kept()
    path = the_file(folder)
    whole = path.read_bytes()
    for position in [*range(0, len(whole), 97), *range(0, 80, 3), *range(len(whole) - 40, len(whole), 5)]:
        changed = bytearray(whole)
        changed[position] ^= 0x10
        path.write_bytes(changed)
        assert not is_kept(), position
        assert path.read_bytes() == whole


@pytest.mark.parametrize("length", [-1, 100, 5, 0])
def test_a_file_that_was_cut_off_is_noticed(folder, length):
    is_kept()
    path = the_file(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert not is_kept()
    assert path.read_bytes() == whole


def test_lengths_within_that_do_not_add_up_are_noticed_even_with_the_right_checksum(folder):
    is_kept()
    path = the_file(folder)
    body = path.read_bytes()[:-32] + b"more"
    path.write_bytes(body + hashlib.sha256(body).digest())
    assert not is_kept()


def test_an_entry_of_another_key_is_not_taken(folder):
    is_kept(b"one")
    path = the_file(folder)
    content = path.read_bytes()
    is_kept(b"two")
    (other,) = set(folder.glob("*.program")) - {path}
    other.write_bytes(content)
    assert not is_kept(b"two")


@posix
def test_a_file_that_others_may_write_is_not_taken(folder):
    is_kept()
    the_file(folder).chmod(0o620)
    assert not is_kept()
    assert is_kept()


@posix
def test_a_file_of_another_owner_is_not_taken(folder, monkeypatch):
    is_kept()
    status = os.stat(the_file(folder))
    fields = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
    foreign = SimpleNamespace(**fields | {"st_uid": status.st_uid + 1})
    monkeypatch.setattr(os, "fstat", lambda handle: foreign)
    assert not is_kept()


@posix
def test_a_link_to_a_file_is_not_taken(folder):
    is_kept()
    path = the_file(folder)
    path.rename(folder.parent / "elsewhere")
    path.symlink_to(folder.parent / "elsewhere")
    assert not is_kept()


# --- folders ---


def test_a_folder_that_cannot_be_made_is_warned_of_once(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(RuntimeWarning, match="CHAINRULE_CACHE"):
        assert not is_kept()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not is_kept()


def test_a_disk_that_is_full_is_warned_of_once(folder, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "write_bytes", full)
    with pytest.warns(RuntimeWarning, match="No space left"):
        assert not is_kept()
    assert not is_kept()


@posix
def test_a_folder_that_others_may_write_to_is_not_used(folder):
    folder.mkdir(mode=0o700)
    folder.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="others may write"):
        assert not is_kept()
    assert contents(folder) == Contents(0, 0)


# --- size ---


def test_the_longest_unused_go_first(folder, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_SIZE", "1")
    large = Entry(b"x" * 400_000)
    for number, key in enumerate((b"a", b"b")):
        cached(key, lambda: large)
        for path in folder.glob("*.program"):
            status = path.stat()
            os.utime(path, (status.st_atime, min(status.st_mtime, 1000 + number)))
    assert cached(b"a", never) == large
    cached(b"c", lambda: large)
    assert cached(b"a", never) == large
    assert contents(folder).entries == 2
    made = []
    cached(b"b", lambda: made.append(True) or large)
    assert made


def test_what_is_larger_than_the_limit_is_not_kept(folder, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_SIZE", "0")
    assert not is_kept()
    assert not is_kept()


def test_a_size_that_is_no_number(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE_SIZE", "big")
    with pytest.raises(ArgumentError, match="CHAINRULE_CACHE_SIZE"):
        is_kept()


# --- processes that die, and several at once ---


def test_a_process_that_dies_while_writing_leaves_no_entry_and_its_rest_is_swept_away(folder):
    is_kept(b"other")
    process = multiprocessing.get_context("spawn").Process(target=_die_while_writing, args=(str(folder),))
    process.start()
    process.join()
    assert process.exitcode == 9
    (rest,) = folder.glob("*.tmp")
    assert not is_kept()
    assert rest.exists()  # so young that someone might still be writing it
    os.utime(rest, (0, 0))
    is_kept(b"third")
    assert not rest.exists()


def _die_while_writing(folder):
    os.environ["CHAINRULE_CACHE"] = folder
    os.replace = lambda *paths: os._exit(9)
    cached(b"key", lambda: ENTRY)


def test_several_processes_at_once(folder):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert all(pool.map(_write_and_read, [str(folder)] * 3))
    assert contents(folder).entries == 20


def _write_and_read(folder):
    os.environ["CHAINRULE_CACHE"] = folder
    entries = [Entry(bytes([number]) * 5000) for number in range(20)]
    return all(cached(bytes([n % 20]), lambda n=n: entries[n % 20]) == entries[n % 20] for n in range(100))


def test_clear_removes_entries_and_nothing_else(folder):
    is_kept()
    (folder / "notes.txt").write_text("mine")
    (folder / "unrelated.tmp").write_text("mine too")
    removed = clear(folder)
    assert removed.entries == 1
    assert removed.size > 0
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", "unrelated.tmp"]
    assert clear(folder) == Contents(0, 0)
    assert clear(Path("there-is-no-such-folder")) == Contents(0, 0)


def test_the_folder_is_where_the_system_keeps_such_files(monkeypatch, tmp_path):
    from chainrule.config import cache_folder

    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for platform, path in (("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "local")):
        monkeypatch.setattr(sys, "platform", platform)
        assert cache_folder() == tmp_path / path / "chainrule"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "chainrule"
