"""Runs in a PostGIS schema: the same rows as in a GeoPackage, whole or not at all, made, upgraded,
refused, deleted. The server is a real one, started by the tests."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from dgo_twin_plugin.engine.words import Cancelled, DgoError
from dgo_twin_plugin.reports.export import export_scores
from dgo_twin_plugin.reports.html import render
from dgo_twin_plugin.store import access, postgis, read, runs, schema, target
from dgo_twin_plugin.store import postgis_write as sending
from dgo_twin_plugin.store.record import PlaceSet
from dgo_twin_plugin.store.write import write_run
from tests.qgis import results_sample as sample

from .sample import everything, key, put, whole

ODD = 0.1 + 0.2  # 0.30000000000000004: a float that a rounded text would change


def odd_tables():
    tables = sample.tables()
    tables["scores"][0].update(value=ODD, mark_low=float("inf"), spread=5e-324,
                               reason="Oké: 'één' \\ \"twee\" — € %s $1\x00")  # fmt: skip
    return tables


def content(database):
    """Everything in the schema, as text: tables, columns, views and rows."""
    shape = database.run("SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON "
                         "a.attrelid = c.oid WHERE c.relnamespace = (SELECT oid FROM pg_namespace "
                         "WHERE nspname = 'dgo') AND c.relkind IN ('r', 'v') AND a.attnum > 0 "
                         "ORDER BY 1, 2")  # fmt: skip
    names = [*(t.name for t in schema.TABLES), "place_values", "dgo_meta"]
    there = {line.split("|")[0] for line in shape.splitlines()}
    rows = [database.run(f"SELECT * FROM dgo.{n} ORDER BY 1") for n in names if n in there]
    return shape, rows


def test_rows_are_those_of_a_geopackage_bit_for_bit(database, tmp_path):
    file, where = tmp_path / "r.gpkg", database.target()
    one, two = put(file, tables=odd_tables()), put(where, tables=odd_tables())
    ours, theirs = everything(where, two.run_id), everything(file, one.run_id)
    assert list(ours) == list(theirs)
    for name in theirs:
        assert ours[name] == theirs[name], name
    first = next(r for r in ours["scores"] if r["value"] == ODD)
    assert first["mark_low"] == float("inf") and first["spread"] == 5e-324
    assert first["proxy"] is False and first["reason"].startswith("Oké: 'één' \\ \"twee\" — €")
    assert read.crs_of(where) == read.crs_of(file) == "EPSG:28992"
    assert sorted(read.indicators(where)) == sorted(read.indicators(file))


def test_an_earlier_run_stays_and_runs_are_found_and_deleted(database, tmp_path):
    where = database.target(schemas="plannen_2026")
    first, second = put(where), put(where, sample.record("Variant C"))
    assert whole(where, first.run_id) and whole(where, second.run_id)
    assert runs.find_run(where, second.run_id[:8])["scenario"] == "Variant C"
    with pytest.raises(DgoError) as problem:
        runs.delete_runs(where, [first.run_id, "nope"])
    assert key(problem) == "results.error.run" and len(runs.list_runs(where)) == 2
    assert runs.delete_runs(where, [first.run_id], compact=True) > 20
    assert [r["run_id"] for r in runs.list_runs(where)] == [second.run_id]
    assert whole(where, second.run_id)
    assert database.run("SELECT count(*) FROM plannen_2026.place_values") == "9"


def test_report_and_exports_read_a_database(database, tmp_path):
    where = database.target()
    run = put(where)
    page = render(where, run.run_id, "nl")
    assert "Variant B" in page and "<path" in page
    csv = export_scores(where, tmp_path / "s.csv")
    file = tmp_path / "r.gpkg"
    put(file, run)
    assert csv.read_text("utf-8-sig") == export_scores(file, tmp_path / "t.csv").read_text(
        "utf-8-sig")  # fmt: skip
    assert export_scores(where, tmp_path / "s.xlsx").stat().st_size > 4000


def test_the_schema_has_indexes_constraints_views_and_units(database):
    put(database.target())
    indexes = database.run("SELECT indexdef FROM pg_indexes WHERE schemaname = 'dgo'")
    for table in schema.TABLES:
        assert ("USING gist (geom)" in indexes) or not table.geometry
        assert indexes.count(f"ON dgo.{table.name} USING gist") == (1 if table.geometry else 0)
    assert "UNIQUE INDEX scores_unique ON dgo.scores" in indexes
    with pytest.raises(AssertionError, match="scores_unique"):
        database.run("INSERT INTO dgo.scores (run_id, zone_id, indicator) "
                     "SELECT run_id, zone_id, indicator FROM dgo.scores LIMIT 1")
    kinds = database.run("SELECT f_table_name, type, srid FROM geometry_columns WHERE "
                         "f_table_schema = 'dgo' ORDER BY 1").splitlines()
    assert "zones|MULTIPOLYGON|28992" in kinds and "checks|GEOMETRY|28992" in kinds
    assert {"ind_green", "ind_open_water", "ind_traffic_noise"} <= {k.split("|")[0] for k in kinds}
    said = database.run("SELECT col_description('dgo.scores'::regclass, attnum) FROM pg_attribute "
                        "WHERE attrelid = 'dgo.scores'::regclass AND attname = 'mark_low'")
    assert said == "Mark, low end (90 %) [1-10]"
    missing = database.run("SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON "
                           "a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = "
                           "'dgo'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN "
                           "('dgo_meta', 'place_values') AND a.attname NOT IN ('id', 'geom') "
                           "AND col_description(c.oid, a.attnum) IS NULL")  # fmt: skip
    assert missing == ""
    assert database.run("SELECT value FROM dgo.dgo_meta WHERE key = 'version'") == str(
        schema.VERSION)  # fmt: skip


def test_a_run_in_another_plane_is_transformed(database):
    where = database.target()
    put(where)
    # RD (155000, 463000) is the centre of the Dutch grid: lon 5.38720621, lat 52.15517440 (RDNAP)
    here = {"zones": [{"zone_id": 1, "wkb": sample.square(5.38720621, 52.1551744, 0.001)}]}
    run = put(where, sample.record("C"), crs="EPSG:4326", origin=(0.0, 0.0), tables=here, places=())
    x = database.run(f"SELECT ST_XMin(geom) FROM dgo.zones WHERE run_id = '{run.run_id}'")
    assert abs(float(x) - 155000) < 5


def test_a_plane_without_a_code_is_kept_as_text(database):
    where = database.target()
    local = "+proj=tmerc +lat_0=52 +lon_0=5 +k=1 +x_0=0 +y_0=0 +ellps=GRS80 +units=m +no_defs"
    run = put(where, crs=local)
    assert read.crs_of(where) == local and whole(where, run.run_id)


@pytest.mark.parametrize("steps", [1, 14, 24])  # staging, sending, the last before the commit
def test_cancelled_leaves_nothing(database, steps):
    where = database.target()
    left = iter([False] * steps + [True] * 999)
    with pytest.raises(Cancelled):
        put(where, cancel=lambda: next(left))
    assert database.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'dgo'") == "0"
    run = put(where)
    before = content(database)
    left = iter([False] * steps + [True] * 999)
    with pytest.raises(Cancelled):
        put(where, cancel=lambda: next(left))
    assert content(database) == before and whole(where, run.run_id)


def test_a_failure_halfway_leaves_the_earlier_content_whole(database, monkeypatch):
    where = database.target()
    put(where)
    before = content(database)
    monkeypatch.setattr(sending, "send_places",
                        lambda ds, *_: access.sql(ds, "INSERT INTO no_such_table VALUES (1)"))
    tables = sample.tables()
    tables["scores"].append(sample.score(0, "green", 6.0) | {"indicator": "odour"})
    with pytest.raises(DgoError) as problem:
        put(where, tables=tables)
    assert key(problem) == "results.error.failed" and "no_such_table" in str(problem.value)
    assert content(database) == before  # not even the column and view of the new indicator


def test_one_row_per_zone_and_indicator(database):
    twice = {"scores": [sample.score(1, "green", 6.0), sample.score(1, "green", 7.0)]}
    with pytest.raises(DgoError) as problem:
        put(database.target(), tables=twice, places=())
    assert key(problem) == "results.error.failed"
    assert database.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'dgo'") == "0"


def test_an_older_layout_is_upgraded_and_keeps_its_rows(database):
    where = database.target()
    run = put(where)
    new = [(t.name, c.name) for t in schema.TABLES for c in t.columns if c.since == 3]
    for table, column in new:
        database.run(f"ALTER TABLE dgo.{table} DROP COLUMN {column}")
    # and a table and a view that an older plugin did not make
    database.run("DROP TABLE dgo.contributions; DROP VIEW dgo.ind_green; "
                 "UPDATE dgo.dgo_meta SET value = '2' WHERE key = 'version'")
    rows = read.rows(where, "scores", run.run_id)
    assert len(rows) == 9 and all(r["spread"] is r["next_data"] is None for r in rows)
    assert {r["mark"] for r in rows} == {7.2, 5.96, None, 4.9, 8.0}
    assert whole(where, run.run_id)
    again = put(where)
    assert whole(where, again.run_id)


def test_a_failed_upgrade_leaves_the_old_layout(database, monkeypatch):
    from dgo_twin_plugin.store import postgis_schema

    where = database.target()
    put(where)
    database.run("ALTER TABLE dgo.scores DROP COLUMN spread; "
                 "UPDATE dgo.dgo_meta SET value = '2' WHERE key = 'version'")
    before = content(database)

    def failing(*_):
        raise access.SqlError("injected")

    monkeypatch.setattr(postgis_schema, "add_indicators", failing)
    with pytest.raises(DgoError):
        read.rows(where, "scores")
    assert content(database) == before


def test_a_newer_layout_is_refused(database):
    where = database.target()
    put(where)
    database.run(f"UPDATE dgo.dgo_meta SET value = '{schema.VERSION + 1}' WHERE key = 'version'")
    before = content(database)
    for action in (lambda: put(where), lambda: read.rows(where, "scores"),
                   lambda: runs.delete_runs(where, ["x"])):  # fmt: skip
        with pytest.raises(DgoError) as problem:
            action()
        assert key(problem) == "results.error.newer" and str(schema.VERSION + 1) in str(
            problem.value)  # fmt: skip
    assert content(database) == before


def test_a_schema_of_something_else_is_left_alone(database):
    database.run("CREATE SCHEMA dgo; CREATE TABLE dgo.runs (km float)")
    for action in (lambda: put(database.target()), lambda: runs.list_runs(database.target())):
        with pytest.raises(DgoError) as problem:
            action()
        assert key(problem) == "results.error.pg_foreign"
    assert database.run("SELECT count(*) FROM pg_class WHERE relnamespace = 'dgo'::regnamespace "
                        "AND relkind = 'r'") == "1"  # fmt: skip
    # but a schema with tables of other names may hold results too
    database.run("CREATE SCHEMA gis; CREATE TABLE gis.ontwerp (km float)")
    where = database.target(schemas="gis")
    assert whole(where, put(where).run_id)


def test_nothing_there_yet_is_told(database):
    with pytest.raises(DgoError) as problem:
        runs.list_runs(database.target())
    assert key(problem) == "results.error.pg_absent"


def test_maps_are_files_in_a_folder_that_the_rows_name(database, tmp_path):
    from tests.qgis.test_maps import MAP

    where = database.target()
    run = put(where, fields=[MAP], folder=tmp_path)
    (row,) = read.rows(where, "maps", run.run_id)
    wanted = tmp_path / "dgo_files" / run.run_id / "noise_lden.tif"
    assert row["file"] == wanted.as_posix() and wanted.is_file()
    own = tmp_path / "own"
    second = put(database.target(files=own), fields=[MAP], folder=tmp_path)
    assert (own / "dgo_files" / second.run_id / "noise_lden.tif").is_file()
    none = put(where, fields=[MAP])
    assert read.rows(where, "maps", none.run_id) == []
    runs.delete_runs(where, [run.run_id])
    assert not wanted.parent.exists() and (own / "dgo_files" / second.run_id).is_dir()


def test_what_the_database_does_not_take_is_kept_in_a_file(database, tmp_path, monkeypatch):
    where = database.target()
    put(where)
    monkeypatch.setattr(postgis, "WAIT_SECONDS", 0.3)
    ds = postgis.connect(target.parse(where), update=True)
    postgis.begin(ds, target.parse(where), True, lambda: None)
    try:
        run = sample.record("C")
        with pytest.raises(DgoError) as problem:
            put(where, run, folder=tmp_path)
    finally:
        access.transaction_undo(ds)
    kept = tmp_path / f"dgo_{run.run_id[:8]}.gpkg"
    assert key(problem) == "results.error.pg_kept" and str(kept) in str(problem.value)
    assert [r["scenario"] for r in runs.list_runs(kept)] == ["C"]
    assert len(runs.list_runs(where)) == 1


@pytest.mark.parametrize("lock", ["ACCESS EXCLUSIVE", "SHARE"])
def test_tables_that_somebody_holds_give_a_sentence_in_time(database, monkeypatch, lock):
    where = database.target()
    put(where)
    monkeypatch.setattr(access, "BUSY_SECONDS", 0.3)
    ds = postgis.connect(target.parse(where), update=True)
    access._call(ds.StartTransaction)
    access.sql(ds, f"LOCK TABLE dgo.scores IN {lock} MODE")
    start = time.monotonic()
    try:
        with pytest.raises(DgoError) as problem:
            put(where)
    finally:
        access.transaction_undo(ds)
    assert key(problem) == "results.error.pg_locked" and time.monotonic() - start < 5
    assert len(runs.list_runs(where)) == 1


def test_a_lock_that_goes_in_time_is_waited_for_and_can_be_cancelled(database):
    where = database.target()
    put(where)
    ds = postgis.connect(target.parse(where), update=True)
    postgis.begin(ds, target.parse(where), True, lambda: None)
    asked = []

    def cancel():
        asked.append(1)
        return len(asked) > 60  # some twenty steps go before the lock

    with pytest.raises(Cancelled):
        put(where, cancel=cancel)
    threading.Timer(0.8, lambda: access.transaction_undo(ds)).start()
    start = time.monotonic()
    put(where)
    assert time.monotonic() - start > 0.5 and len(runs.list_runs(where)) == 2


def test_many_values_go_over_in_pieces(database, tmp_path):
    many = 45_000  # more than two statements of 20,000
    rng = np.random.default_rng(7)
    big = PlaceSet("open_water", np.ones(many, int), rng.random(many), rng.random(many),
                   wkb=[sample.point(i % 100, i // 100) for i in range(many)])  # fmt: skip
    big.value[0], big.value[1], big.mark[2] = np.inf, ODD, np.nan
    where, file = database.target(), tmp_path / "r.gpkg"
    run = sample.record()
    for each in (where, file):
        write_run(each, run, {}, crs=sample.CRS, origin=sample.ORIGIN, places=[big])
    ours = read.rows(where, "ind_open_water", run.run_id, geometry=True)
    theirs = read.rows(file, "ind_open_water", run.run_id, geometry=True)
    assert len(ours) == many and ours[0]["value"] == np.inf and ours[2]["mark"] is None
    for row in (*ours, *theirs):
        row.pop("id")
    assert ours == theirs
