"""The characters of a file: found, checked and, where they are not UTF-8, written once more as UTF-8."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from chainrule.errors import ArgumentError, EncodingError, FileFormatError

CHUNK = 1 << 20
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
ASCII = bytes(range(128))
SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
UNUSED = b"\x81\x8d\x8f\x90\x9d"
AGAIN = "get the file again: it may have been cut off or changed on its way"
# How files begin that are no text, although their name may say so.
OTHERS = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of old Excel",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a SQLite database",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
}


@dataclass(frozen=True)
class PlainText:
    """A file of text as UTF-8.

    Attributes:
        given: The file that the user knows.
        path: A file with the same text as UTF-8: the same one, or one that goes with the store.
        encoding: How the characters of the given file are written.
        before: How many lines stand before it, of a stream that comes in parts.
    """

    given: Path
    path: Path
    encoding: str
    before: int = 0

    def head(self, size: int = CHUNK >> 2) -> str:
        """The beginning, without a line that is cut off."""
        with self.path.open("rb") as stream:
            start = stream.read(size + 1)
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(start[:size])
        return text if len(start) <= size else text[: text.rfind("\n") + 1] or text


def plain_text(path: Path, encoding: str | None, scratch: Path) -> PlainText:
    """A file as UTF-8, whatever it is written in, packed by gzip or not.

    Args:
        path: The file.
        encoding: What the user says it is written in; None to find out.
        scratch: The folder for what has to be written again.

    Raises:
        EncodingError: If it is no text, or written in another encoding than the user says.
        FileFormatError: If gzip cannot unpack it.
    """
    found = encoding or find_encoding(path)
    _check_known(found)
    if not _is_packed(path) and codecs.lookup(found).name in ("utf-8", "utf-8-sig"):
        if encoding is not None:
            _check_utf8(path)
        return PlainText(path, path, found)
    copy = new_file(scratch, path)
    with copy.open("wb") as target:
        for text in _characters(path, found):
            target.write(text.encode())
    return PlainText(path, copy, found)


def new_file(scratch: Path, path: Path) -> Path:
    """A name in a folder that no file has yet, for a copy of this one."""
    return scratch / f"{len(list(scratch.iterdir()))}-{path.name.removesuffix('.gz')}"


def find_encoding(path: Path) -> str:
    """The encoding of a file: what its mark says; UTF-8 if all of it is; otherwise the West European one that fits.

    Raises:
        EncodingError: If it is no text, or UTF-8 that is broken somewhere.
    """
    found = encoding_of(next(_blocks(path), b""), path)
    if not found.startswith("utf-8"):
        return found
    try:
        _check_utf8(path)
    except EncodingError:
        if _mostly_utf8(_blocks(path)):
            raise
        return _west_european(_blocks(path))
    return found


def encoding_of(head: bytes, path: Path) -> str:
    """The encoding of a text that begins so: see `find_encoding`."""
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    # ASCII in UTF-16 has a zero in every other byte.
    for first, encoding in enumerate(("utf-16-be", "utf-16-le")):
        if len(head) > 3 and head[first::2].count(0) > 0.4 * len(head):
            return encoding
    _check_text(head, path)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "utf-8" if _mostly_utf8([head]) else _west_european([head])
    return "utf-8"


def _west_european(blocks: Iterable[bytes]) -> str:
    """Five bytes mean nothing in cp1252, which has more signs elsewhere: the euro, quotation marks."""
    return "latin-1" if any(byte in block for block in blocks for byte in UNUSED) else "cp1252"


def _mostly_utf8(blocks: Iterable[bytes]) -> bool:
    """Whether most bytes beyond ASCII are UTF-8's, so that the text is broken rather than in another encoding."""
    right = beyond = 0
    for block in blocks:
        right += sum(map(len, SEQUENCE.findall(block)))
        beyond += len(block.translate(None, ASCII))
    return right > beyond / 2


def _check_text(head: bytes, path: Path) -> None:
    what = next((name for start, name in OTHERS.items() if head.startswith(start)), None)
    if what is None and b"\0" in head:
        what = "zero bytes, which no text has"
    if what is not None:
        raise EncodingError(
            "this is no text.",
            where=str(path),
            expected="a file of text, such as CSV",
            got=what,
            remedy="write it as CSV, or give it the ending of what it is (.parquet)",
        )


def _check_known(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ArgumentError(
            "there is no such encoding.",
            where="encoding",
            expected="a name that Python knows, such as utf-8, latin-1 or utf-16",
            got=repr(encoding),
        ) from None


def _characters(path: Path, encoding: str) -> Iterator[str]:
    """The text of a file by blocks; a byte that does not fit is an error that says where it stands."""
    decoder = codecs.getincrementaldecoder(encoding)()
    position = 0
    for block in _blocks(path, end=True):
        held = len(decoder.getstate()[0])
        try:
            yield decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise EncodingError(
                f"the file is not written in {encoding}.",
                where=f"{path}, byte {position - held + error.start + 1:,}",
                expected=f"{encoding} throughout",
                got="the bytes " + error.object[error.start : error.start + 4].hex(" "),
                remedy="say how it is written: --encoding latin-1, cp1251 (Cyrillic), gbk (Chinese), ...",
            ) from None
        position += len(block)


def _check_utf8(path: Path) -> None:
    """Raise an `EncodingError` if a file is not UTF-8. Most are ASCII, which is seen at once."""
    if not all(map(bytes.isascii, _blocks(path))):
        for _ in _characters(path, "utf-8"):
            pass


def _is_packed(path: Path) -> bool:
    """Whether a file is gzip's, whatever its name says."""
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _blocks(path: Path, end: bool = False) -> Iterator[bytes]:
    """The bytes of a file, unpacked; after them, if `end` says so, none."""
    try:
        with cast(BinaryIO, gzip.open(path, "rb")) if _is_packed(path) else path.open("rb") as stream:
            while block := stream.read(CHUNK):
                yield block
    except EOFError:
        raise FileFormatError("the compressed file ends too early.", where=str(path), remedy=AGAIN) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileFormatError("the compressed file is broken.", where=str(path), got=str(error), remedy=AGAIN) from None
    if end:
        yield b""
