"""Zips and XML from outside."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.importers import _archive
from dgo_twin_plugin.importers._archive import check_xml, open_archive, read_root

from .bad import zipped


def key(call: object, *arguments: object) -> str:
    with pytest.raises(DgoError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.message.key.removeprefix("errors.import.")


def opened(path: Path) -> list[str]:
    with open_archive(path) as archive:
        return archive.names()


def test_members_by_suffix_and_as_streams(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", b__gml=b"<b/>", a__gml=b"<a/>", readme__txt=b"hello")
    with open_archive(path) as archive:
        assert archive.names(".gml") == ["a.gml", "b.gml"]
        assert archive.names() == ["a.gml", "b.gml", "readme.txt"]
        with archive.open("a.gml") as stream:
            assert stream.read() == b"<a/>"
        assert archive.extract("readme.txt", tmp_path).read_bytes() == b"hello"


@pytest.mark.parametrize("name", ["../evil.gml", "/etc/evil.gml", "a/../../evil.gml",
                                  "C:/evil.gml", "..\\evil.gml"])  # fmt: skip
def test_a_name_outside_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("good.gml", "<a/>")
        file.writestr(name, "<a/>")
    assert key(opened, path) == "zip_path"


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    member = zipfile.ZipInfo("a.gml")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(member, "/etc/passwd")
    assert key(opened, path) == "zip_link"


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a__gml="<a/>")
    raw = bytearray(path.read_bytes())
    # the flags stand 6 bytes after the local header's and 8 after the directory's signature
    raw[raw.index(b"PK\x03\x04") + 6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert key(opened, path) == "zip_encrypted"


def test_a_zip_in_a_zip_is_refused(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "i.zip", a__gml="<a/>").read_bytes()
    assert key(opened, zipped(tmp_path / "a.zip", inner__zip=inner)) == "zip_nested"


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    # 8 MB of one letter: packed 1,000 times and more
    path = zipped(tmp_path / "a.zip", a__gml=b"a" * 8 * 1024**2)
    assert path.stat().st_size < 20_000
    assert key(opened, path) == "zip_bomb"


def test_the_total_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", a__gml=b"abcdefgh", b__gml=b"abcdefgh")
    monkeypatch.setattr(_archive, "MAX_TOTAL", 16)
    assert opened(path) == ["a.gml", "b.gml"]
    monkeypatch.setattr(_archive, "MAX_TOTAL", 15)
    assert key(opened, path) == "zip_large"
    monkeypatch.setattr(_archive, "MAX_MEMBERS", 1)
    assert key(opened, path) == "zip_members"


def test_half_a_download(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a__gml=bytes(range(256)) * 100)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert key(opened, path) == "zip_half"
    path.write_bytes(b"<html><body>Sign in</body></html>")
    assert key(opened, path) == "html"
    path.write_bytes(b"hello")
    assert key(opened, path) == "zip_not"


def test_damage_inside_is_met_while_reading(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", a__gml=bytes(range(256)) * 100)
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    with open_archive(path) as archive, pytest.raises(DgoError) as caught:
        with archive.open("a.gml") as stream:
            stream.read()
    assert caught.value.message.key == "errors.import.zip_damaged"


BOMB = ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
        "<a>&c;</a>")  # fmt: skip
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, '<!DOCTYPE a SYSTEM "http://a.example/b"><a/>'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_dtd_is_refused(text: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_bytes(text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
                     .encode(encoding))  # fmt: skip
    assert key(check_xml, path) == "xml_dtd"


def test_what_stands_first_in_xml() -> None:
    head = b'<?xml version="1.0"?><!-- a --><g:B xmlns:g="urn:g"><unclosed>'
    assert read_root(io.BytesIO(head), "a") == ("urn:g", "B")


@pytest.mark.parametrize("content, expected", [
    (b"<!DOCTYPE html><html><body>503</body></html>", "html"),
    (b"<HTML><HEAD>", "html"),
    (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "html"),
    (b"hello", "xml_broken"),
    (b"", "xml_half"),
    (b"<!-- " + b"x" * 2 * 1024**2, "xml_not"),  # a prolog without end
])  # fmt: skip
def test_no_xml(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_bytes(content)
    assert key(check_xml, path) == expected
