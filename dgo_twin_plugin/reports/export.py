"""Scores as CSV or XLSX.

CSV: table ``scores``, the column names of the contract, UTF-8 with a byte order mark (Excel then
reads accents), comma between values, decimal point, NULL empty: for scripts and for Excel's own
import. XLSX, through GDAL: one sheet per table, with numbers as numbers.
"""

from __future__ import annotations

import csv
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr

from ..engine.texts import language, text
from ..engine.words import DgoError
from ..store import access, read, runs, schema
from ..store.runs import profile_status
from ..store.target import Where, place

SHEETS = (schema.SCORES, schema.SCORE_PARTS, schema.TOTALS, schema.BREACHES, schema.ALERTS,
          schema.CHECKS, schema.RUNS)  # fmt: skip
_TYPES = {schema.TEXT: ogr.OFTString, schema.REAL: ogr.OFTReal, schema.INTEGER: ogr.OFTInteger64,
          schema.BOOLEAN: ogr.OFTInteger}  # fmt: skip


def export_scores(path: Where, target: str | Path, run_ids: Sequence[str] = (),
                  lang: str = "") -> Path:  # fmt: skip
    """Write the scores of runs (all where none is named) to a ``.csv`` or ``.xlsx`` file.

    An older file is replaced only by a complete one. Raises ``DgoError`` where a run is not there,
    the extension is another, GDAL lacks its XLSX driver or the target cannot be written.
    """
    path, target = place(path), Path(target)
    if target.suffix.lower() not in (".csv", ".xlsx"):
        raise DgoError("report.error.format", path=str(target))
    chosen = [runs.find_run(path, i) for i in run_ids] if run_ids else runs.list_runs(path)
    ids = [run["run_id"] for run in chosen]
    if not ids:
        raise DgoError("results.error.run", run="", path=str(path), n=0)
    fresh = target.with_name(f"{target.stem}.part{target.suffix.lower()}")
    try:
        if target.suffix.lower() == ".csv":
            _csv(fresh, _rows(path, schema.SCORES, ids))
        else:
            _xlsx(fresh, path, ids, chosen[0], lang or language())
        os.replace(fresh, target)
    except OSError as problem:
        raise DgoError("report.error.write", path=str(target),
                       detail=problem.strerror or str(problem)) from problem  # fmt: skip
    finally:
        if fresh.exists():
            fresh.unlink()
    return target


def _rows(path: Where, table: schema.Table, ids: Sequence[str]) -> list[dict[str, Any]]:
    listed = ", ".join(schema.literal(i) for i in ids)
    return read.rows(path, table.name, where=f"run_id IN ({listed})")


def _csv(target: Path, rows: list[dict[str, Any]]) -> None:
    names = schema.SCORES.names
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(names)
        for row in rows:
            out.writerow(["" if row[n] is None else int(row[n]) if isinstance(row[n], bool)
                          else repr(row[n]) if isinstance(row[n], float) else row[n]
                          for n in names])  # fmt: skip


def _xlsx(target: Path, path: Where, ids: Sequence[str], run: dict[str, Any], lang: str) -> None:
    if gdal.GetDriverByName("XLSX") is None:
        raise DgoError("report.error.xlsx")
    # the driver opens the file only when it closes: too late to tell anybody
    target.open("wb").close()
    target.unlink()
    message = ""
    with access.quiet():
        gdal.ErrorReset()
        try:
            _book(target, path, ids, run, lang)
            message = gdal.GetLastErrorMsg()
        except RuntimeError as problem:
            access.let_go(problem)
            message = str(problem)
    if not target.exists() or not zipfile.is_zipfile(target):
        raise OSError(message or str(target))


def _book(target: Path, path: Where, ids: Sequence[str], run: dict[str, Any], lang: str) -> None:
    ds = gdal.GetDriverByName("XLSX").Create(str(target), 0, 0, 0, gdal.GDT_Unknown)
    if ds is None:
        return
    name = text("report.export.about", lang)
    about = ds.CreateLayer(name, None, ogr.wkbNone)
    about.CreateField(ogr.FieldDefn(name, ogr.OFTString))
    feature = ogr.Feature(about.GetLayerDefn())
    feature.SetField(0, text("report.export.note", lang, status=profile_status(run, lang),
                             line=text("legal.disclaimer", lang)))  # fmt: skip
    about.CreateFeature(feature)
    for table in SHEETS:
        _sheet(ds, table, _rows(path, table, ids))
    ds.FlushCache()  # writes; what it could not write, the caller sees


def _sheet(ds: gdal.Dataset, table: schema.Table, rows: list[dict[str, Any]]) -> None:
    layer = ds.CreateLayer(table.name, None, ogr.wkbNone)
    for column in table.columns:
        layer.CreateField(ogr.FieldDefn(column.name, _TYPES[column.type]))
    definition = layer.GetLayerDefn()
    for row in rows:
        feature = ogr.Feature(definition)
        for index, column in enumerate(table.columns):
            value = row[column.name]
            if value is not None:
                feature.SetField(index, int(value) if isinstance(value, bool) else value)
        layer.CreateFeature(feature)
