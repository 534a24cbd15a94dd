"""CityJSON 1.0-2.0 and CityJSONSeq, one feature at a time: stdlib json, nothing else.

A ``.json`` is read whole (at most MAX_WHOLE bytes); a CityJSONSeq line by line, so its size does
not matter. Every feature has vertices of its own there, under one transform.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..engine.words import DgoError
from ._archive import head, looks_like_html

MAX_WHOLE = 600 * 1024**2  # bytes of a .json; beyond it CityJSONSeq is asked for
MAX_LINE = 64 * 1024**2  # bytes of one feature
VERSIONS = ("1.", "2.")


class Start(NamedTuple):
    """What the first object of a file says: its coordinate system ('' = not said)."""

    crs: str
    version: str


class Feature(NamedTuple):
    """City objects that share ``xyz`` (n, 3), coordinates in the system of the file."""

    objects: dict[str, dict[str, Any]]
    xyz: np.ndarray


def read(path: Path) -> tuple[Start, Iterator[Feature]]:
    """What the file says of itself, and its features. Raises DgoError where it is empty, a web
    page, cut off, no CityJSON or of another version; while iterating too."""
    name = str(path)
    first = head(path, 512)
    if not first.strip():
        raise DgoError("errors.import.empty_file", path=name)
    if looks_like_html(first):
        raise DgoError("errors.import.html", path=name)
    if b"\n" in first.strip() or path.suffix.lower() == ".jsonl" or _one_per_line(path):
        try:
            with path.open("rb") as stream:
                line = stream.readline(MAX_LINE)
            top = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            top = None  # a CityJSON with line breaks
        if isinstance(top, dict) and (path.suffix.lower() == ".jsonl" or _more(path)):
            start = _start(top, name)
            return start, _lines(path, top)
    if path.stat().st_size > MAX_WHOLE:
        raise DgoError("errors.import.cityjson_large", path=name, limit=MAX_WHOLE // 1024**2)
    whole = _load(path.read_bytes(), name, 0)
    return _start(whole, name), _whole(whole, name)


def _one_per_line(path: Path) -> bool:
    """Whether the first line is an object of its own: it ends in a brace before the file does."""
    with path.open("rb") as stream:
        return stream.readline(MAX_LINE).rstrip().endswith(b"}") and bool(stream.read(1))


def _more(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.readline(MAX_LINE)
        return bool(stream.readline(MAX_LINE).strip())


def _load(data: bytes, name: str, line: int) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DgoError("errors.file.not_utf8", file=name) from error
    except (ValueError, RecursionError) as error:
        at = line or getattr(error, "lineno", 1)
        raise DgoError("errors.import.cityjson_half", path=name, line=at,
                       why=str(error)[:120]) from error  # fmt: skip


def _start(top: Any, name: str) -> Start:
    if not isinstance(top, dict) or top.get("type") != "CityJSON":
        raise DgoError("errors.import.cityjson_not", path=name)
    version = str(top.get("version", ""))
    if not version.startswith(VERSIONS):
        raise DgoError("errors.import.cityjson_version", path=name, version=version or "?")
    metadata = top.get("metadata")
    crs = metadata.get("referenceSystem") if isinstance(metadata, dict) else ""
    return Start(str(crs or ""), version)


def _whole(top: dict[str, Any], name: str) -> Iterator[Feature]:
    objects = top.get("CityObjects")
    if not isinstance(objects, dict):
        raise DgoError("errors.import.cityjson_not", path=name)
    yield Feature(_good(objects), _vertices(top.get("vertices"), top.get("transform"), name))


def _lines(path: Path, top: dict[str, Any]) -> Iterator[Feature]:
    name, transform = str(path), top.get("transform")
    if top.get("CityObjects"):
        yield from _whole(top, name)
    with path.open("rb") as stream:
        stream.readline(MAX_LINE)
        number = 1
        while line := stream.readline(MAX_LINE):
            number += 1
            if len(line) >= MAX_LINE:
                raise DgoError("errors.import.cityjson_large", path=f"{name}:{number}",
                               limit=MAX_LINE // 1024**2)  # fmt: skip
            if not line.strip():
                continue
            one = _load(line, name, number)
            if not isinstance(one, dict) or not isinstance(one.get("CityObjects"), dict):
                raise DgoError("errors.import.cityjson_line", path=name, line=number)
            yield Feature(_good(one["CityObjects"]),
                          _vertices(one.get("vertices"), transform, name))  # fmt: skip


def _good(objects: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(key): value for key, value in objects.items() if isinstance(value, dict)}


def _vertices(vertices: Any, transform: Any, name: str) -> np.ndarray:
    try:
        xyz = np.asarray(vertices if vertices else [], float).reshape(-1, 3)
        if transform:
            scale = np.asarray(transform["scale"], float).reshape(3)
            xyz = xyz * scale + np.asarray(transform["translate"], float).reshape(3)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise DgoError("errors.import.cityjson_vertices", path=name) from error
    if len(xyz) and not math.isfinite(float(np.abs(xyz).max())):
        raise DgoError("errors.import.cityjson_vertices", path=name)
    return xyz
