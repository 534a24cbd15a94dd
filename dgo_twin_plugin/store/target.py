"""Where results stand: a GeoPackage, or a schema of a PostgreSQL database with PostGIS.

A database is named by a text (docs/decisions/0015):

    PG:dbname=plans host=db.example.org user=anna schemas=dgo
    postgresql://anna@db.example.org/plans?schema=dgo
    PG:My connection            (a connection that QGIS keeps; or PG:connection='...' schemas=...)

Keys beside those of libpq: ``schemas`` (one; default :data:`SCHEMA`), ``authcfg`` (an
authentication configuration of QGIS), ``connection``, and ``files``, the folder for rasters. A
password is refused: the text ends up in histories and archives. Passwords come from ``authcfg``,
from the stored connection, or from libpq itself (password file, service file).
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Union

from ..engine.words import DgoError

SCHEMA = "dgo"  # where none is named
_URI = ("postgresql://", "postgres://")
_SECRET = {"password", "sslpassword"}
_OWN = {"schemas": "schemas", "schema": "schemas", "active_schema": "schemas", "tables": "tables",
        "table": "tables", "files": "files", "authcfg": "authcfg",
        "connection": "connection"}  # fmt: skip
# a name that needs no thought in SQL texts, in lists of schemas and on the screen
_PLAIN = re.compile(r"[^\W\d][\w $-]{0,62}")
_HIDDEN = "***"


@dataclass(frozen=True)
class Postgres:
    """A schema of a database. ``values``: keys of libpq, in the order they are shown."""

    values: tuple[tuple[str, str], ...] = ()
    schema: str = SCHEMA
    table: str = ""  # of a source: 'table' or 'schema.table'
    files: str = field(default="", compare=False)  # folder for rasters, '' = not named
    authcfg: str = ""
    connection: str = ""  # name of a connection that QGIS keeps
    named: bool = field(default=False, compare=False)  # whether the text names a schema

    @property
    def text(self) -> str:
        """The text that names this schema again; holds no secret."""
        own = (("connection", self.connection), ("authcfg", self.authcfg),
               ("schemas", self.schema))  # fmt: skip
        pairs = (*self.values, *((k, v) for k, v in own if v))
        return "PG:" + " ".join(f"{k}={quoted(v)}" for k, v in pairs)

    def __str__(self) -> str:
        return self.text

    @property
    def name(self) -> str:
        """Short, for people."""
        given = dict(self.values)
        base = self.connection or given.get("dbname") or given.get("service") or "PostGIS"
        return f"{base}.{self.schema}"

    def with_files(self, folder: str | Path) -> Postgres:
        """The same with a folder for rasters, where the text named none."""
        return self if self.files else replace(self, files=str(folder))


Where = Union[str, Path, Postgres]
Resolver = Callable[[Postgres], str]
_resolver: Resolver | None = None


def set_resolver(resolver: Resolver | None) -> None:
    """Who turns a QGIS connection or ``authcfg`` into a text for libpq, secrets filled in. The
    layers register themselves here: this package knows no QGIS."""
    global _resolver
    _resolver = resolver


def is_database(where: object) -> bool:
    """Whether a text names a database rather than a file."""
    if isinstance(where, Postgres):
        return True
    text = str(where).strip()
    return text[:3].upper() == "PG:" or text.lower().startswith(_URI)


def place(where: Where) -> Path | Postgres:
    """The target that a text names. Raises ``DgoError`` where a database is not understood, or
    where the text holds a password."""
    if isinstance(where, Postgres) or not is_database(where):
        return where if isinstance(where, Postgres) else Path(where)
    return parse(str(where))


def parse(text: str) -> Postgres:
    """A text as a database. Raises ``DgoError``."""
    text = text.strip()
    body, _, table = text.partition("|")
    if body.lower().startswith(_URI):
        body, _, behind = body.partition("#")
        pairs = _of_uri(body)
        table = table or urllib.parse.unquote(behind)
    elif "=" in body:
        pairs = _of_keywords(body[3:])
    else:
        pairs = [("connection", body[3:].strip())]
    own: dict[str, str] = {}
    values: dict[str, str] = {}
    for key, value in pairs:
        if key in _SECRET:
            raise DgoError("results.error.pg_password", word=key)
        (own if key in _OWN else values)[_OWN.get(key, key)] = value
    if own.get("connection") == "" or not (values or own.get("connection")):
        raise DgoError("results.error.pg_text", text=without_secrets(text))
    schema = own.get("schemas") or SCHEMA
    if not _PLAIN.fullmatch(schema):
        raise DgoError("results.error.pg_schema", schema=schema)
    return Postgres(tuple(values.items()), schema,
                    table.removeprefix("layername=") or own.get("tables", ""),
                    own.get("files", ""), own.get("authcfg", ""),
                    own.get("connection", ""), "schemas" in own)  # fmt: skip


def _of_uri(text: str) -> list[tuple[str, str]]:
    plain = urllib.parse.unquote
    try:
        parts = urllib.parse.urlsplit(text)
        found = [("dbname", plain(parts.path.lstrip("/"))), ("host", plain(parts.hostname or "")),
                 ("port", str(parts.port or "")), ("user", plain(parts.username or ""))]
        if parts.password is not None:
            found.append(("password", ""))
        found += urllib.parse.parse_qsl(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise DgoError("results.error.pg_text", text=without_secrets(text)) from None
    return [(k, v) for k, v in found if v or k == "password"]


_PAIR = re.compile(r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)", re.S)


def _of_keywords(text: str) -> list[tuple[str, str]]:
    """``key=value`` as libpq reads it: values in quotes where they hold a space."""
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        pair = _PAIR.match(text, at)
        if pair is None:
            raise DgoError("results.error.pg_text", text=without_secrets("PG:" + text))
        value = pair[2] if pair[2] is not None else pair[3]
        found.append((pair[1].lower(), re.sub(r"\\(.)", r"\1", value)))
        at = pair.end()
    return found


def quoted(value: str) -> str:
    """A value of libpq, in quotes where it needs them."""
    if re.fullmatch(r"[^\s'\\]+", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def conninfo(target: Postgres) -> str:
    """What libpq is told: with the secrets of QGIS, so never shown or kept. Raises ``DgoError``
    where only QGIS could tell."""
    if target.authcfg or target.connection:
        if _resolver is None:
            raise DgoError("results.error.pg_qgis", path=target.text)
        return _resolver(target)
    return " ".join(f"{key}={quoted(value)}" for key, value in target.values)


def without_secrets(text: str) -> str:
    """A text in which passwords are blotted out, whatever form they have."""
    text = re.sub(r"(?i)(password\s*=\s*)('(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^\s&|#]+)",
                  rf"\g<1>{_HIDDEN}", text)  # fmt: skip
    return re.sub(r"(//[^/@\s:]*):[^/@\s]*@", rf"\1:{_HIDDEN}@", text)


def key(where: Where) -> str:
    """The text by which layers of a target are found again in a project."""
    found = place(where)
    return found.text if isinstance(found, Postgres) else found.absolute().as_posix()


def files_folder(where: Where, run_id: str) -> Path | None:
    """Where a run keeps its rasters; not made here. None: a database without a folder for them."""
    found = place(where)
    if isinstance(found, Postgres):
        if not found.files:
            return None
        return Path(found.files) / f"{found.schema}_files" / run_id
    return found.with_name(f"{found.stem}_files") / run_id
