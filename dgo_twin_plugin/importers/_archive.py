"""Files from outside, opened with care: zips, and the head of XML.

A zip is refused as a whole where a name points outside it, a member is a link, encrypted or an
archive itself, the whole is larger than :data:`MAX_TOTAL`, or a member was packed more than
:data:`MAX_RATIO` times (BGT is packed about 12 times; a zip bomb 1,000 times). XML with a DTD is
refused: entities and external files come from there, and no geo-standard needs one.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any
from xml.parsers import expat

from ..engine.words import DgoError

MAX_MEMBERS = 20_000
MAX_TOTAL = 20 * 1024**3  # bytes unpacked
MAX_RATIO = 200.0  # unpacked : packed, of a member above SMALL
SMALL = 1024**2
MAX_PROLOG = 1024**2  # bytes before the first element of an XML file
BLOCK = 1024**2
NESTED = {".zip", ".gz", ".tgz", ".tar", ".bz2", ".7z", ".rar", ".xz"}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Archive:
    """A zip whose members may be read; use :func:`open_archive`."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self.path, self._zip = path, file
        self._members = {m.filename: m for m in file.infolist() if not m.is_dir()}

    def names(self, *suffixes: str) -> list[str]:
        """Names of the members, of these suffixes if any are given, sorted."""
        return sorted(n for n in self._members
                      if not suffixes or PurePosixPath(n).suffix.lower() in suffixes)  # fmt: skip

    def size(self, name: str) -> int:
        """Bytes unpacked."""
        return self._members[name].file_size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A member as a stream of bytes. Damage met while reading becomes a DgoError."""
        with self._guard():
            inner = self._zip.open(self._members[name])
        with inner:
            yield io.BufferedReader(_Guarded(inner, self), BLOCK)  # type: ignore[misc]

    def extract(self, name: str, folder: Path, tick: Callable[[], None] = lambda: None) -> Path:
        """Unpack one member into ``folder`` under its bare name, block by block."""
        target = folder / PurePosixPath(name).name
        with self.open(name) as stream, target.open("wb") as out:
            while block := stream.read(BLOCK):
                tick()
                out.write(block)
        return target

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise DgoError("errors.import.zip_damaged", path=str(self.path),
                           why=str(error)) from error  # fmt: skip


class _Guarded(io.RawIOBase):
    """A member whose damage is told in a sentence; errors of the reader are left alone."""

    def __init__(self, inner: IO[bytes], archive: Archive) -> None:
        super().__init__()
        self._inner, self._archive = inner, archive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._archive._guard():
            block = self._inner.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def is_zip(path: Path) -> bool:
    """Whether the file says of itself, by its first bytes, that it is a zip."""
    return head(path, 4)[:2] == b"PK"


def head(path: Path, count: int = 4096) -> bytes:
    """The first bytes of a file. Raises DgoError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(count)
    except OSError as error:
        raise DgoError("errors.file.unreadable", file=str(path), why=str(error)) from error


@contextmanager
def open_archive(path: str | Path) -> Iterator[Archive]:
    """A zip that was found safe. Raises DgoError ``errors.import.zip_*`` where it is not."""
    path = Path(path)
    start = head(path)
    if start[:2] != b"PK":
        if looks_like_html(start):
            raise DgoError("errors.import.html", path=str(path))
        raise DgoError("errors.import.zip_not", path=str(path))
    try:
        file = zipfile.ZipFile(path)
    except _BROKEN as error:
        # begins as a zip, but its table of contents, at the end, is not there
        raise DgoError("errors.import.zip_half", path=str(path)) from error
    with file:
        _inspect(path, file.infolist())
        yield Archive(path, file)


def _inspect(path: Path, members: list[zipfile.ZipInfo]) -> None:
    def refuse(reason: str, name: str = "", **params: object) -> DgoError:
        return DgoError(f"errors.import.zip_{reason}", path=str(path), name=name, **params)

    if len(members) > MAX_MEMBERS:
        raise refuse("members", limit=MAX_MEMBERS)
    total = 0
    for member in members:
        # the name as it stands in the file: zipfile itself cuts at a NUL and turns backslashes
        name = member.orig_filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]) or "\0" in name:
            raise refuse("path", name)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise refuse("link", name)
        if member.flag_bits & 1:
            raise refuse("encrypted", name)
        if PurePosixPath(name).suffix.lower() in NESTED:
            raise refuse("nested", name)
        if member.file_size > SMALL and member.file_size > MAX_RATIO * max(1, member.compress_size):
            raise refuse("bomb", name, ratio=int(MAX_RATIO))
        total += member.file_size
    if total > MAX_TOTAL:
        raise refuse("large", limit=MAX_TOTAL // 1024**3)


# ---------------------------------------------------------------------------- XML
def looks_like_html(start: bytes) -> bool:
    """Whether a file begins as a web page: what servers answer where something went wrong."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return text.startswith((b"<!doctype html", b"<html")) or b"<html" in text[:512]


def check_xml(path: str | Path) -> tuple[str, str]:
    """(namespace, name) of the first element of an XML file that is safe to read. Raises DgoError
    where it is a web page, has a DTD, or is no XML. Ask before GDAL reads any XML or GML."""
    path = Path(path)
    head(path, 1)
    with path.open("rb") as stream:
        return read_root(stream, path.name)


def read_root(stream: IO[bytes], name: str) -> tuple[str, str]:
    """As :func:`check_xml`, of a stream; reads no further than the first element."""
    found: list[str] = []

    def doctype(*_: Any) -> None:
        raise DgoError("errors.import.xml_dtd", path=name)

    def element(tag: str, _attributes: Any) -> None:
        if not found:
            found.append(tag)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.StartElementHandler = element
    read = 0
    while not found:
        block = stream.read(4096)
        if read == 0 and looks_like_html(block):
            raise DgoError("errors.import.html", path=name)
        read += len(block)
        try:
            parser.Parse(block, not block)
        except expat.ExpatError as error:
            if not found:
                raise xml_error(name, error) from error
        if not block or read > MAX_PROLOG:
            break
    if not found:
        raise DgoError("errors.import.xml_not", path=name)
    space, _, tag = found[0].rpartition(" ")
    if tag.lower() == "html":
        raise DgoError("errors.import.html", path=name)
    return space, tag


def xml_error(name: str, error: Any) -> DgoError:
    """The sentence for XML that breaks off or is no XML: line, and what the parser says."""
    why = str(error)
    line = getattr(error, "lineno", 0) or (getattr(error, "position", (0,))[0])
    if "no element found" in why or "unclosed" in why:
        return DgoError("errors.import.xml_half", path=name, line=line)
    if "encoding" in why or "not well-formed (invalid token)" in why:
        return DgoError("errors.import.xml_encoding", path=name, line=line, why=why)
    return DgoError("errors.import.xml_broken", path=name, line=line, why=why)
