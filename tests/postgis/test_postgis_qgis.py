"""PostGIS in QGIS: the demo plan from and to a database, the result group, stored connections."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from osgeo import gdal

from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.store import read, runs, target
from tests.qgis import results_sample as sample

from .conftest import PASSWORD
from .sample import everything, key, put


@pytest.fixture
def project(qgis_app):
    from qgis.core import QgsProject

    made = QgsProject()
    yield made
    made.clear()


def load(database, file: Path, layers=None) -> None:
    """The layers of a GeoPackage as tables of a schema with the file's name, ids kept."""
    database.run(f"CREATE SCHEMA {file.stem}")
    ds = gdal.OpenEx(str(file))
    for i in range(ds.GetLayerCount()):
        name = ds.GetLayer(i).GetName()
        if layers is None or name in layers:
            gdal.VectorTranslate(
                database.target(), str(file), format="PostgreSQL", layers=[name],
                layerName=f"{file.stem}.{name}",
                options=["-preserve_fid", "-lco", "LAUNDER=NO", "-lco", "PRECISION=NO",
                         "-lco", "GEOMETRY_NAME=geom", "-lco", "FID=fid"])  # fmt: skip


@pytest.fixture
def demo(database, tmp_path):
    """The demo plan in files, and the same with every vector layer in the database."""
    from dgo_twin_plugin.demo import create

    create(tmp_path)
    for file in tmp_path.glob("*.gpkg"):
        load(database, file)
    # rows in another order than that of their ids, as in a table that people work in
    database.run("CREATE TABLE t AS SELECT * FROM ontwerp_a.vlakken; TRUNCATE ontwerp_a.vlakken; "
                 "INSERT INTO ontwerp_a.vlakken SELECT * FROM t ORDER BY md5(fid::text); "
                 "DROP TABLE t")  # fmt: skip
    twin = (tmp_path / "twin-a.yml").read_text(encoding="utf-8")
    inside, count = re.subn(r"(\w+)\.gpkg\|(\w+)",
                            rf"'{database.target()}|\1.\2'", twin)  # fmt: skip
    assert count >= 10
    (tmp_path / "twin-pg.yml").write_text(inside, encoding="utf-8")
    return tmp_path


def test_the_demo_from_and_to_a_database_gives_the_same_scores(dgo, demo, database):
    from qgis import processing

    where = database.target(schemas="uitkomst")
    took, made = [], []
    for twin, output in (("twin-a.yml", demo / "r.gpkg"), ("twin-pg.yml", where)):
        start = time.monotonic()
        made.append(processing.run("dgo:scoredesign", {
            "TWIN": str(demo / twin), "SCENARIO": "x", "OUTPUT": str(output)}))  # fmt: skip
        took.append(time.monotonic() - start)
    print(f"file to file {took[0]:.1f} s, database to database {took[1]:.1f} s")
    file, base = made[0]["OUTPUT"], made[1]["OUTPUT"]
    assert target.parse(base) == target.parse(where)
    assert made[0]["PLAN_MARK"] == made[1]["PLAN_MARK"]
    ours = everything(base, runs.find_run(base)["run_id"])
    theirs = everything(file, runs.find_run(file)["run_id"])
    assert len(ours["scores"]) == 33 * 6 and len(ours["maps"]) > 0
    assert list(ours) == list(theirs)
    for name, rows in theirs.items():
        if name in ("runs", "maps"):
            continue
        assert len(ours[name]) == len(rows), name
        different = [(a, b) for a, b in zip(ours[name], rows) if a != b]
        assert not different, (name, different[0])
    prints = [{(i["role"], i["layer"]): i["fingerprint"] for i in read.parsed(each["runs"][0])[
        "inputs"]} for each in (ours, theirs)]  # fmt: skip
    assert prints[0] == prints[1]
    for row in ours["maps"]:
        assert Path(row["file"]).is_file() and Path(row["file"]).is_relative_to(demo)

    listed = processing.run("dgo:manageruns", {"RESULTS": base})
    assert listed["DELETED"] == 0 and base.split()[0] not in listed["RUNS"]
    report = processing.run("dgo:exportreport", {"RESULTS": base, "OUTPUT": str(demo / "r.html")})
    assert "uitkomst" in Path(report["OUTPUT"]).read_text(encoding="utf-8")
    csv = [processing.run("dgo:exportscores", {"RESULTS": each, "OUTPUT": str(demo / f"{n}.csv")})
           for n, each in enumerate((file, base))]  # fmt: skip
    one, two = (Path(c["OUTPUT"]).read_text("utf-8-sig").splitlines() for c in csv)
    assert [x.partition(",")[2] for x in one] == [x.partition(",")[2] for x in two]
    run_id = runs.find_run(base)["run_id"]
    gone = processing.run("dgo:manageruns", {"RESULTS": base, "DELETE": run_id})
    assert gone["DELETED"] > 200 and runs.list_runs(base) == []


def test_a_database_that_is_not_there_is_told_before_the_run(dgo, demo):
    from qgis import processing
    from qgis.core import QgsProcessingException

    twin = str(demo / "twin-a.yml")
    start = time.monotonic()
    for output, said in (("PG:dbname=niets host=/nergens", "No connection"),
                         ("PG:dbname=x password=hush", "does not belong"),
                         ("PG:onbekend", "knows no PostgreSQL connection")):  # fmt: skip
        with pytest.raises(QgsProcessingException, match=said) as problem:
            processing.run("dgo:scoredesign", {"TWIN": twin, "OUTPUT": output})
        assert "hush" not in str(problem.value)
    assert time.monotonic() - start < 20


def test_tables_as_sources(qgis_app, database):
    from qgis.core import QgsCoordinateTransformContext, QgsWkbTypes

    from dgo_twin_plugin.layers.read import open_entry

    database.run("""
        CREATE SCHEMA "Plan"; CREATE TABLE "Plan".vlak (id serial PRIMARY KEY, functie text,
            geom geometry(Polygon, 28992));
        INSERT INTO "Plan".vlak (functie, geom) SELECT 'dwelling', ST_SetSRID(ST_MakeEnvelope(
            150000, 450000, 150010 + i, 450010), 28992) FROM generate_series(1, 3) i;
        CREATE VIEW "Plan".zicht AS SELECT id AS gid, functie, geom FROM "Plan".vlak WHERE id > 1;
        CREATE TABLE public.los (id serial PRIMARY KEY, g geometry);
        INSERT INTO los (g) VALUES (ST_GeomFromText('POINT(1 1)', 28992)),
            (ST_GeomFromText('POINT(2 2)', 28992));
        CREATE TABLE gemengd AS SELECT id, g FROM los UNION ALL SELECT 9, ST_Buffer(g, 1) FROM los;
        CREATE TABLE lijst (id serial PRIMARY KEY, naam text); INSERT INTO lijst (naam) VALUES ('a')
    """)
    context = QgsCoordinateTransformContext()

    def opened(behind, base=""):
        return open_entry((base or database.target()) + behind, None, None, context)

    table = opened("|Plan.vlak")
    assert table.name() == "vlak" and table.providerType() == "postgres"
    assert [f.id() for f in table.getFeatures()] == [1, 2, 3]
    assert table.crs().authid() == "EPSG:28992"
    assert [f["gid"] for f in opened("|Plan.zicht").getFeatures()] == [2, 3]
    assert opened("|vlak", database.target(schemas="Plan")).featureCount() == 3
    assert opened(" tables=Plan.vlak").featureCount() == 3
    loose = opened("|los")  # of the schema public
    assert loose.wkbType() == QgsWkbTypes.Type.Point and loose.featureCount() == 2
    assert opened("|lijst").featureCount() == 1
    server = database.server
    uri = f"postgresql:///{database.name}?host={server.socket}&port={server.port}&user=owner"
    assert opened("#Plan.vlak", uri).featureCount() == 3
    for behind, wanted in (("|Plan.niets", "pg_no_table"), ("", "pg_table"),
                           ("|gemengd", "pg_kinds")):  # fmt: skip
        with pytest.raises(DgoError) as problem:
            opened(behind)
        assert key(problem) == f"results.error.{wanted}", str(problem.value)


def by_key(project):
    return {layer.customProperty("dgo/result"): layer for layer in project.mapLayers().values()}


def test_the_group_is_that_of_a_geopackage(project, database, tmp_path):
    from dgo_twin_plugin.layers import group

    where, file = database.target(), tmp_path / "r.gpkg"
    run = put(where)
    put(file, run)
    made = group.add_results(project, where, run.run_id, "nl", {"GT04": "Groenstedelijk"})
    layers = by_key(project)
    counts = {key: layer.featureCount() for key, layer in layers.items()}
    styles = {key: layer.styleManager().styles() for key, layer in layers.items()}
    shapes = {key: layer.geometryType() for key, layer in layers.items() if "|" in key}
    names = sorted(layer.name() for layer in layers.values())
    tree = [node.name() for node in made.children()]
    assert all(layer.isValid() and layer.readOnly() for layer in layers.values())
    assert {layer.providerType() for layer in layers.values()} == {"postgres"}
    unnamed = [(k, f.name()) for k, layer in layers.items()
               for i, f in enumerate(layer.fields()) if not layer.attributeAlias(i)]  # fmt: skip
    assert unnamed == []
    relation = project.relationManager().relations()[f"dgo_scores_{run.run_id}"]
    zone = next(f for f in layers["zones|MULTIPOLYGON"].getFeatures() if f["zone_id"] == 1)
    assert sorted(s["indicator"] for s in relation.getRelatedFeatures(zone)) == [
        "green", "open_water", "traffic_noise"]  # fmt: skip
    water = layers["ind_open_water|MULTIPOLYGON"]
    assert sorted(f["mark"] for f in water.getFeatures() if f["mark"]) == [5.0, 6.0, 7.0, 8.0]
    assert water.crs().authid() == "EPSG:28992"
    before = {k: layer.id() for k, layer in layers.items()}
    group.add_results(project, where, run.run_id, "nl")  # once more: nothing is replaced
    assert {k: layer.id() for k, layer in by_key(project).items()} == before
    second = put(where, sample.record("C"))
    group.add_results(project, where, second.run_id, "nl")
    assert layers["scores"].featureCount() == 9 and len(project.mapLayers()) == 26
    assert group.find_group(project, where, run.run_id) is not None
    runs.delete_runs(where, [run.run_id])
    assert group.reload_results(project, where) == 26
    assert layers["zones|MULTIPOLYGON"].featureCount() == 0
    for each in (run.run_id, second.run_id):
        group.remove_run(project, where, each)
    assert project.mapLayers() == {}

    made = group.add_results(project, file, run.run_id, "nl", {"GT04": "Groenstedelijk"})
    layers = by_key(project)
    assert {k: layer.featureCount() for k, layer in layers.items()} == counts
    assert {k: layer.styleManager().styles() for k, layer in layers.items()} == styles
    assert {k: layer.geometryType() for k, layer in layers.items() if "|" in k} == shapes
    assert sorted(layer.name() for layer in layers.values()) == names
    assert [node.name() for node in made.children()] == tree


@pytest.fixture
def stored(qgis_app, database):
    """A connection that QGIS keeps with its password, and one with an authcfg."""
    from qgis.core import (
        QgsApplication,
        QgsAuthMethodConfig,
        QgsDataSourceUri,
        QgsProviderRegistry,
    )

    manager = QgsApplication.authManager()
    assert manager.setMasterPassword("master", True)
    config = QgsAuthMethodConfig("Basic")
    config.setName("dgo")
    config.setConfig("username", "secret")
    config.setConfig("password", PASSWORD)
    # QGIS 3.22 says whether, later ones also hand back the configuration
    stored_it = manager.storeAuthenticationConfig(config)
    assert stored_it if isinstance(stored_it, bool) else stored_it[0]
    metadata = QgsProviderRegistry.instance().providerMetadata("postgres")
    server = database.server
    uri = QgsDataSourceUri()
    uri.setConnection(str(server.socket), str(server.port), database.name, "secret", PASSWORD)
    made = metadata.createConnection(uri.uri(False), {"saveUsername": True, "savePassword": True})
    metadata.saveConnection(made, "Onze plannen")
    yield config.id()
    metadata.deleteConnection("Onze plannen")
    manager.removeAuthenticationConfig(config.id())


def test_credentials_of_qgis_open_it_and_stand_nowhere(stored, project, database, tmp_path):
    from qgis.core import QgsCoordinateTransformContext

    from dgo_twin_plugin.layers import group
    from dgo_twin_plugin.layers.connections import install
    from dgo_twin_plugin.layers.read import open_entry, public_source

    install()
    database.run("CREATE TABLE vlak (id serial PRIMARY KEY, geom geometry(Point, 28992)); "
                 "INSERT INTO vlak (geom) VALUES (ST_GeomFromText('POINT(1 1)', 28992)); "
                 "GRANT SELECT ON vlak TO secret")  # fmt: skip
    texts = ("PG:Onze plannen", database.target(user=None, authcfg=stored))
    for number, where in enumerate(texts):
        run = put(where)
        layer = open_entry(f"{where}|vlak", None, None, QgsCoordinateTransformContext())
        assert layer.featureCount() == 1
        group.add_results(project, where, run.run_id, "nl")
        assert by_key(project)["scores"].featureCount() == 9
        file = tmp_path / f"p{number}.qgs"
        assert project.write(str(file))
        kept = file.read_text(encoding="utf-8")
        assert PASSWORD not in kept and PASSWORD not in public_source(layer)
        assert PASSWORD not in layer.source() and PASSWORD not in str(target.place(where))
        assert (stored in kept) == (number == 1)
        project.clear()
    assert PASSWORD not in database.run("SELECT * FROM dgo.runs")
    with pytest.raises(DgoError) as problem:
        put(database.target(user=None, authcfg="abc1234"))
    assert key(problem) in ("results.error.pg_authcfg", "results.error.pg_connect")


def test_panel_and_expressions_read_a_database(project, database):
    from dgo_twin_plugin.expressions.run import Current
    from dgo_twin_plugin.layers import group
    from dgo_twin_plugin.panel import memory
    from dgo_twin_plugin.panel.view import RunView

    where = database.target()
    run = put(where)
    view = RunView(where)
    assert view.run_id == run.run_id and len(view.scores) == 9
    breach = read.rows(where, "breaches", run.run_id)[1]
    (again,) = read.rows(where, "breaches", run.run_id, f"id = {breach['id']}", True)
    assert again["wkb"] and again["object_fid"] == breach["object_fid"] == 2
    group.add_results(project, where, run.run_id, "nl")
    current = Current(project)
    rows = current.rows()
    current.end()
    assert rows.scores["open_water", 2]["mark"] == 5.96
    assert rows.place("open_water", "ontwerp", 14)["mark"] == 5.0
    memory.remember(project, "output", where)
    assert memory.recall(project, "output") == where


def test_a_password_in_a_parameter_does_not_reach_the_archive():
    from dgo_twin_plugin.processing.scoring import _plain

    given = {"DESIGN": "postgres://dbname='x' user='u' password='hush' table=\"a\" (geom)",
             "DESIGN_EXTRA": ["dbname='x' password=hush"]}  # fmt: skip
    assert "hush" not in str({k: _plain(v) for k, v in given.items()})
