"""Several users at once: runs side by side, rights by role, and no secret on paper."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.store import postgis_schema, read, runs, target
from tests.qgis import results_sample as sample

from .conftest import PASSWORD
from .sample import key, put, whole

WRITER = """
    import sys
    from tests.postgis.sample import put
    from tests.qgis import results_sample as sample
    where, name, other = sys.argv[1:]
    sys.stdin.readline()
    for n in range(3):
        tables = sample.tables()
        # an indicator of its own: tables change while others write
        tables["scores"].append(sample.score(0, "green", 6.0) | {"indicator": other})
        run = put(where, sample.record(f"{name} {n}"), tables=tables)
        print(run.run_id, flush=True)
"""


def start(code, *arguments, repo, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], cwd=repo,
        env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)  # fmt: skip


def test_four_who_write_at_once_lose_nothing(database, repo):
    where = database.target()  # not even the schema is there: all four make it
    others = ("odour", "shade", "canopy", "drought")
    writers = [start(WRITER, where, f"writer {i}", other, repo=repo)
               for i, other in enumerate(others)]  # fmt: skip
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    said = [writer.communicate(timeout=120) for writer in writers]
    assert [w.returncode for w in writers] == [0] * 4, said
    made = [line for out, _ in said for line in out.split()]
    assert len(made) == 12 == len(set(made))
    held = runs.list_runs(where)
    assert {r["run_id"] for r in held} == set(made)
    assert sorted(r["scenario"] for r in held) == sorted(
        f"writer {i} {n}" for i in range(4) for n in range(3))  # fmt: skip
    for run_id in made:
        assert len(read.rows(where, "scores", run_id)) == 10
        for name, count in (("ind_open_water", 5), ("ind_green", 2), ("ind_traffic_noise", 2),
                            ("zones", 2), ("places", 9), ("totals", 9)):  # fmt: skip
            assert len(read.rows(where, name, run_id)) == count, (run_id, name)
    # blocks of ids do not overlap, and no value is in two sets
    sets = database.run("SELECT first_id, last_id FROM dgo.place_sets ORDER BY 1").splitlines()
    spans = [tuple(map(int, line.split("|"))) for line in sets]
    assert all(last < first for (_, last), (first, _) in zip(spans, spans[1:]))
    assert sum(last - first + 1 for first, last in spans) == 12 * 9
    columns = database.run("SELECT attname FROM pg_attribute WHERE attrelid = 'dgo.zones'::regclass"
                           " AND attname LIKE 'mark_%'").split()  # fmt: skip
    assert {f"mark_{o}" for o in others} <= set(columns)


def test_crashed_halfway_leaves_nothing(database, repo):
    where = database.target()
    kept = put(where)
    code = """
        import os, sys
        from dgo_twin_plugin.store import postgis_write
        from tests.postgis.sample import put
        real = postgis_write.send_places
        def crash(*given):
            real(*given)
            os._exit(9)
        postgis_write.send_places = crash
        put(sys.argv[1])
    """
    done = start(code, where, repo=repo)
    done.communicate(timeout=60)
    assert done.returncode == 9
    assert [r["run_id"] for r in runs.list_runs(where)] == [kept.run_id]
    assert database.run("SELECT count(*) FROM dgo.places") == "9"
    again = put(where)  # and no lock stays behind
    assert whole(where, again.run_id)


def test_members_of_the_role_of_a_schema_share_it(database):
    database.run("CREATE SCHEMA dgo AUTHORIZATION editors; GRANT USAGE ON SCHEMA dgo TO lezer; "
                 "ALTER DEFAULT PRIVILEGES FOR ROLE editors IN SCHEMA dgo "
                 "GRANT SELECT ON TABLES TO lezer")  # fmt: skip
    anna, bert, reader = (database.target(u) for u in ("anna", "bert", "lezer"))
    first = put(anna)
    owners = database.run("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class "
                          "WHERE relnamespace = 'dgo'::regnamespace AND relkind IN ('r', 'v')")
    assert owners == "editors"
    tables = sample.tables()
    tables["scores"].append(sample.score(0, "green", 6.0) | {"indicator": "odour"})
    second = put(bert, tables=tables)  # with a column and a view that anna did not make
    database.run("ALTER TABLE dgo.scores DROP COLUMN spread; "
                 "UPDATE dgo.dgo_meta SET value = '2' WHERE key = 'version'")
    assert len(runs.list_runs(bert)) == 2  # upgrades it
    assert whole(reader, first.run_id)
    for action in (lambda: put(reader), lambda: runs.delete_runs(reader, [first.run_id]),
                   lambda: postgis_schema.check_writable(target.parse(reader))):  # fmt: skip
        with pytest.raises(DgoError) as problem:
            action()
        assert key(problem) == "results.error.pg_rights"
    assert runs.delete_runs(bert, [first.run_id]) > 20
    assert [r["run_id"] for r in runs.list_runs(anna)] == [second.run_id]


def test_who_may_not_make_tables_is_told_before_the_run(database):
    database.run("CREATE SCHEMA dgo; GRANT USAGE ON SCHEMA dgo TO lezer")
    for where in (database.target("lezer"), database.target("lezer", schemas="nieuw")):
        for action in (lambda w=where: put(w),
                       lambda w=where: postgis_schema.check_writable(target.parse(w))):  # fmt: skip
            with pytest.raises(DgoError) as problem:
                action()
            assert key(problem) == "results.error.pg_create"


def test_no_postgis_and_no_server_are_told(database):
    database.run("DROP EXTENSION postgis")
    with pytest.raises(DgoError) as problem:
        put(database.target())
    assert key(problem) == "results.error.pg_postgis"
    with pytest.raises(DgoError) as problem:
        put(database.target(dbname="bestaat_niet"))
    assert key(problem) == "results.error.pg_connect" and "bestaat_niet" in str(problem.value)
    with pytest.raises(DgoError) as problem:
        put(database.target(port=1))
    assert key(problem) == "results.error.pg_connect"


# --- texts ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("text,shown", [
    ("PG:dbname=plans host=db user=anna", "PG:dbname=plans host=db user=anna schemas=dgo"),
    ("pg: dbname = 'my plans' schemas=utrecht",
     "PG:dbname='my plans' schemas=utrecht"),
    ("postgresql://anna@db.example.org:5433/plans?schema=dgo2&sslmode=require",
     "PG:dbname=plans host=db.example.org port=5433 user=anna sslmode=require schemas=dgo2"),
    ("PG:My own connection", "PG:connection='My own connection' schemas=dgo"),
    ("PG:service=gis authcfg=abc1234 files='/data/my maps'",
     "PG:service=gis authcfg=abc1234 schemas=dgo"),
])  # fmt: skip
def test_texts_of_databases(text, shown):
    found = target.parse(text)
    assert found.text == shown == str(found)
    assert target.parse(found.text) == found and target.place(found.text) == found


@pytest.mark.parametrize("text,wanted", [
    ("PG:", "pg_text"), ("PG:dbname=x host='open", "pg_text"), ("PG:dbname=x schemas=a,b",
    "pg_schema"), ("postgresql://h:port/x", "pg_text"),
    ("PG:dbname=x password=hush", "pg_password"), ("postgresql://u:hush@h/x", "pg_password"),
    ("postgresql://u@h/x?password=hush", "pg_password"),
])  # fmt: skip
def test_texts_that_are_refused(text, wanted):
    with pytest.raises(DgoError) as problem:
        target.parse(text)
    assert key(problem) == f"results.error.{wanted}" and "hush" not in str(problem.value)


def test_a_file_stays_a_file(tmp_path):
    for name in ("r.gpkg", "PGdata.gpkg", "postgres.gpkg"):
        assert target.place(tmp_path / name) == tmp_path / name


def test_secrets_are_blotted_out():
    for text in ("PG:user=u password=hush x=1", "password='hu sh\\' hush'",
                 "postgres://u:hush@h/d", "dbname='x' password=\"hush\" table=a"):  # fmt: skip
        assert "hush" not in target.without_secrets(text)
    plain = "PG:dbname=x user=u authcfg=abc|gis.ontwerp"
    assert target.without_secrets(plain) == plain


def test_the_password_comes_from_libpq_and_stands_nowhere(database, repo, tmp_path):
    """A user with a password: libpq reads it from its password file; a wrong one is told without
    it being shown, and what was written does not hold it."""
    where = database.target("secret")
    with pytest.raises(DgoError) as problem:
        put(where)
    assert key(problem) == "results.error.pg_connect"
    code = """
        import sys
        from dgo_twin_plugin.engine.words import DgoError
        from tests.postgis.sample import put, whole
        try:
            print(whole(sys.argv[1], put(sys.argv[1]).run_id))
        except DgoError as problem:
            print(problem)
    """
    passes = tmp_path / "pgpass"
    said = []
    for word in ("verkeerd-woord", PASSWORD):
        passes.write_text(f"*:*:*:secret:{word}\n", encoding="ascii")
        passes.chmod(0o600)
        done = start(code, where, repo=repo, PGPASSFILE=str(passes), CPL_DEBUG="ON")
        said.append("".join(done.communicate(timeout=60)))
        assert word not in said[-1]
    assert "password authentication failed" in said[0]
    assert "True" in said[1]
    kept = database.run("SELECT * FROM dgo.runs")
    assert kept and PASSWORD not in kept
    assert json.loads(database.run("SELECT parameters FROM dgo.runs")) == {"CELL_SIZE": 2.0}
