"""Exports: every column, numbers as numbers, all or nothing."""

from __future__ import annotations

import csv
import zipfile

import pytest
from osgeo import gdal

from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.reports.export import SHEETS, export_scores
from dgo_twin_plugin.store import read, schema

from . import results_sample as sample
from .test_results import put


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "plan.gpkg"
    return path, put(path), put(path, sample.record("Variant C"))


def test_csv_has_the_columns_of_the_contract_and_exact_figures(results, tmp_path):
    path, first, _ = results
    target = export_scores(path, tmp_path / "scores.csv", [first.run_id])
    assert target.read_bytes()[:3] == b"\xef\xbb\xbf"
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == schema.SCORES.names
    assert len(rows) == 9 and {r["run_id"] for r in rows} == {first.run_id}
    kept = read.rows(path, "scores", first.run_id)
    for row, written in zip(kept, rows):
        for name in schema.SCORES.names:
            value = row[name]
            if value is None:
                assert written[name] == ""
            elif isinstance(value, float):
                assert float(written[name]) == value
            else:
                assert written[name] == str(int(value) if isinstance(value, bool) else value)


def test_without_a_choice_all_runs_are_exported(results, tmp_path):
    path, first, second = results
    target = export_scores(path, tmp_path / "alles.csv")
    with target.open(encoding="utf-8-sig", newline="") as stream:
        assert {r["run_id"] for r in csv.DictReader(stream)} == {first.run_id, second.run_id}


def test_xlsx_has_a_sheet_per_table_with_numbers(results, tmp_path):
    path, first, _ = results
    target = export_scores(path, tmp_path / "scores.xlsx", [first.run_id[:8]], "nl")
    assert zipfile.is_zipfile(target)
    ds = gdal.OpenEx(str(target), gdal.OF_VECTOR, open_options=["HEADERS=FORCE"])
    names = [ds.GetLayer(i).GetName() for i in range(ds.GetLayerCount())]
    assert names == ["Toelichting", *(table.name for table in SHEETS)]
    scores = [f.items() for f in ds.GetLayerByName("scores")]
    assert len(scores) == 9
    one = next(s for s in scores if s["zone_id"] == 2 and s["indicator"] == "open_water")
    assert one["mark"] == 5.96 and one["n_features"] == 2
    totals = [f.items() for f in ds.GetLayerByName("totals")]
    assert all("n_breach" in t for t in totals) and len(totals) == 9
    with zipfile.ZipFile(target) as archive:
        said = " ".join(archive.read(n).decode() for n in archive.namelist() if n.endswith(".xml"))
    assert "voorstel, niet vastgesteld" in said and "vervangt geen akoestisch onderzoek" in said


@pytest.mark.parametrize("name", ["scores.ods", "scores", "scores.txt"])
def test_other_formats_are_refused(results, tmp_path, name):
    with pytest.raises(DgoError) as problem:
        export_scores(results[0], tmp_path / name)
    assert problem.value.message.key == "report.error.format"


def test_missing_driver_is_told(results, tmp_path, monkeypatch):
    real = gdal.GetDriverByName
    monkeypatch.setattr(gdal, "GetDriverByName", lambda n: None if n == "XLSX" else real(n))
    with pytest.raises(DgoError) as problem:
        export_scores(results[0], tmp_path / "scores.xlsx")
    assert problem.value.message.key == "report.error.xlsx"
    assert not list(tmp_path.glob("scores*"))


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_a_target_that_cannot_be_written_is_told(results, tmp_path, extension):
    with pytest.raises(DgoError) as problem:
        export_scores(results[0], tmp_path / "nergens" / f"scores.{extension}")
    assert problem.value.message.key == "report.error.write"


def test_unknown_run_is_told_and_an_older_export_stays(results, tmp_path):
    target = tmp_path / "scores.csv"
    target.write_text("oud")
    with pytest.raises(DgoError) as problem:
        export_scores(results[0], target, ["nope"])
    assert problem.value.message.key == "results.error.run"
    assert target.read_text() == "oud"
