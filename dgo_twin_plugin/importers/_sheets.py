"""A package with a table of numbers beside its layers, and one that is no design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._package import SURFACES, Package, _plain, _q

AREAS, LINES = "MULTIPOLYGON", "MULTILINESTRING"  # kinds of Package.others


class Sheets(Package):
    """As :class:`Package`, and more."""

    def __enter__(self) -> Sheets:
        super().__enter__()
        return self

    def numbers(
        self, table: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """A table without geometry whose columns (name -> SQLite type) have a type."""
        base = self._open()
        made = "".join(f", {_q(c)} {t}" for c, t in columns.items())
        base.execute(f"CREATE TABLE {_q(table)} (fid INTEGER PRIMARY KEY AUTOINCREMENT{made})")
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
            "VALUES (?, 'attributes', ?, 0)",
            (table, table),
        )
        base.executemany(
            f"INSERT INTO {_q(table)} ({', '.join(map(_q, columns))}) "
            f"VALUES ({', '.join('?' * len(columns))})",
            (tuple(_plain(row.get(c)) for c in columns) for row in rows),
        )

    def without_surfaces(self) -> None:
        """Take the layer ``surfaces``, still empty, out: the result is no design."""
        base = self._open()
        base.execute(f"DROP TABLE {SURFACES}")
        for told in ("gpkg_geometry_columns", "gpkg_contents"):
            base.execute(f"DELETE FROM {told} WHERE table_name = ?", (SURFACES,))
        self._columns.pop(SURFACES)
