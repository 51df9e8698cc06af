"""Archives of pictures: read as the folder in them, and harmless whatever they hold."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from chainrule.data import read_parts, stream_tables
from chainrule.data.readers import archives
from chainrule.errors import DiskFullError, FileFormatError

PETS = [f"{part}/{kind}/{number}.png" for part in ("train", "test") for kind in ("cat", "dog") for number in range(3)]


def picture(shade=0):
    stream = io.BytesIO()
    Image.fromarray(np.full((4, 4), shade, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def pack(path, files):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    packing = {".gz": "gz", ".tgz": "gz", ".bz2": "bz2", ".xz": "xz"}.get(path.suffix, "")
    with tarfile.open(path, f"w:{packing}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz", "A.ZIP"])
@pytest.mark.parametrize("around", ["", "pets/"])
def test_an_archive_is_read_as_the_folder_in_it(tmp_path, name, around):
    files = {f"{around}{each}": picture() for each in PETS}
    leftovers = {f"{around}.DS_Store": b"?", "__MACOSX/pets/._1.png": b"?", "README.md": b"# Pets"}
    train, test = read_parts(pack(tmp_path / name, files | leftovers))
    assert (len(train), len(test)) == (6, 6)
    assert train.name == str(tmp_path / name)
    assert sorted(train.column("class").texts()) == ["cat", "dog"]
    values = train.column("picture")
    assert (values.folder / values.text(0)).read_bytes() == picture()
    # Files of an archive are known by its name.
    assert name in str(values.folder)
    assert sum(map(len, stream_tables(tmp_path / name))) == 6


def test_a_table_in_an_archive(tmp_path):
    table, _ = read_parts(pack(tmp_path / "people.zip", {"people.csv": b"name,age\nAda,36\nMax,7\n"}))
    assert table.column("age").array.tolist() == [36, 7]


def test_it_is_unpacked_once_and_anew_when_it_has_changed(tmp_path):
    path = pack(tmp_path / "a.zip", {each: picture() for each in PETS})
    assert archives.unpacked(path) == archives.unpacked(path)
    before = archives.unpacked(path)
    pack(path, {each: picture() for each in PETS[:-1]})
    assert archives.unpacked(path) != before


@pytest.mark.parametrize("name", ["../out.png", "cat/../../out.png", "/tmp/out.png", "..\\out.png", "C:/out.png"])
@pytest.mark.parametrize("archive", ["a.tar.gz", "a.zip"])
def test_nothing_leaves_the_folder(tmp_path, name, archive):
    path = pack(tmp_path / archive, {"cat/1.png": picture(), name: picture()})
    with pytest.raises(FileFormatError, match="would go somewhere else") as caught:
        read_parts(path)
    assert archive in str(caught.value)
    assert not list(tmp_path.rglob("out.png"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_only_files_and_folders_come_out(tmp_path, kind):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("cat/1.png")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(FileFormatError, match="neither file nor folder"):
        read_parts(tmp_path / "a.tar")


def test_an_archive_that_would_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ALWAYS", 10_000)
    path = pack(tmp_path / "a.tar.gz", {"cat/1.png": bytes(5_000_000)})
    with pytest.raises(DiskFullError, match="more than there is room for"):
        read_parts(path)


@pytest.mark.parametrize(
    ("name", "how"),
    [(name, how) for name in ("a.tar.gz", "a.zip") for how in ("cut off", "damaged", "text")]
    # A tar that is not packed has no checksum of its contents.
    + [("a.tar", "cut off"), ("a.tar", "text")],
)
def test_broken_archives_are_named(tmp_path, name, how):
    path = pack(tmp_path / name, {each: np.random.default_rng(0).bytes(3000) for each in PETS})
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes(each ^ 255 for each in whole[middle : middle + 400]) + whole[middle + 400 :]
    path.write_bytes({"cut off": whole[:middle], "damaged": damaged, "text": b"no archive"}[how])
    with pytest.raises(FileFormatError, match="archive cannot be read") as caught:
        read_parts(path)
    assert name in str(caught.value)


def test_a_file_where_a_folder_should_be(tmp_path):
    with pytest.raises(FileFormatError, match="archive cannot be read"):
        read_parts(pack(tmp_path / "a.tar", {"cat": picture(), "cat/1.png": picture()}))
