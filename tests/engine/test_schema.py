"""The tables are those of the public contract (design 6), column for column."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import texts
from dgo_twin_plugin.store import schema
from dgo_twin_plugin.store.blobs import blobs, wkb_of
from dgo_twin_plugin.store.scale import CLASSES, class_of, condition

# Copied from design.md section 6 by hand; 'object fid' is spelt object_fid, geometry is apart.
CONTRACT = {
    "scores": "zone_id area_type indicator code part theme value unit mark mark_low mark_high "
              "chance6 ambition gap status legal_check n_breach legal_limit minimum basis optimum "
              "weight norm_source norm_status norm_confidence coverage assumed share_below_6 "
              "worst_value n_features method proxy reason spread next_data next_gain",
    "totals": "zone_id theme mark mark_low mark_high coverage assumed indicators missing n_breach "
              "chance6",
    "zones": "zone_id area_type area_m2 dwellings fsi gsi osr mxi",
    "breaches": "zone_id indicator object_fid source_kind value limit legal_check text",
    "alerts": "rule severity role source_layer source_fid design_fid zone_id area_m2 text",
    "checks": "code severity level layer fid field value advice",
    "runs": "who versions profile_id profile_hash work_crs inputs notes parameters",
}  # fmt: skip


@pytest.mark.parametrize("table", CONTRACT)
def test_columns_of_the_contract_in_their_order(table):
    names = schema.BY_NAME[table].names
    assert names[:2] == ("run_id", "scenario")
    wanted = CONTRACT[table].split()
    assert [n for n in names if n in wanted] == wanted


def test_scores_and_parts_have_exactly_the_contract():
    wanted = ("run_id", "scenario", *CONTRACT["scores"].split())
    assert schema.SCORES.names == wanted
    assert schema.SCORE_PARTS.names == wanted


def test_every_table_carries_run_and_scenario_and_geometry_is_where_the_contract_has_it():
    for table in schema.TABLES:
        assert table.names[:2] == ("run_id", "scenario"), table.name
        assert len(set(table.names)) == len(table.names), table.name
    spatial = {t.name for t in schema.TABLES if t.geometry}
    assert spatial == {"zones", "breaches", "alerts", "checks", "places"}


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_column_table_and_class_has_a_name(lang):
    missing = [c.name for t in schema.TABLES for c in t.columns
               if not texts.has_text(f"results.field.{c.name}", lang)]  # fmt: skip
    missing += [t.name for t in schema.TABLES if t not in (schema.PLACES, schema.PLACE_SETS)
                and not texts.has_text(f"results.table.{t.name}", lang)]  # fmt: skip
    missing += [c.key for c in CLASSES if not texts.has_text(f"results.class.{c.key}", lang)]
    assert missing == []


@pytest.mark.parametrize("area", ["results", "report"])
def test_both_languages_say_the_same_things(area):
    both = []
    for lang in texts.LANGUAGES:
        with (texts.FOLDER / lang / f"{area}.json").open(encoding="utf-8") as stream:
            both.append(json.load(stream))
    import string

    assert set(both[0]) == set(both[1])
    for key in both[0]:
        fields = [{f for _, f, _, _ in string.Formatter().parse(b[key]) if f} for b in both]
        assert fields[0] == fields[1], key


def test_classes_split_exactly_at_six():
    assert class_of(5.96).fails and class_of(5.999).fails
    assert not class_of(6.0).fails and not class_of(5.9999999999).fails  # dust, not a fail
    assert class_of(None) is None and class_of(float("nan")) is None
    assert class_of(1.0) is CLASSES[0] and class_of(10.0) is CLASSES[-1]
    assert [c.low for c in CLASSES[1:]] == [c.high for c in CLASSES[:-1]]
    assert condition(CLASSES[0], "mark") == f'"mark" < {4.0 - 1e-9!r}'


def test_blob_is_moved_and_carries_its_envelope():
    # triangle (0,0) (2,0) (2,1) moved by (100, 200): envelope x 100-102, y 200-201
    ring = [(0, 0), (2, 0), (2, 1), (0, 0)]
    wkb = struct.pack("<BIII8d", 1, 3, 1, 4, *[c for p in ring for c in p])
    made, bounds, kinds = blobs([wkb, None, struct.pack("<BIdd", 1, 1, 5, 6)],
                                lambda xy: xy + np.array([100.0, 200.0]), 28992)  # fmt: skip
    assert made[1] is None
    assert made[0][:4] == b"GP\x00\x03" and struct.unpack_from("<i", made[0], 4) == (28992,)
    assert struct.unpack_from("<4d", made[0], 8) == (100.0, 102.0, 200.0, 201.0)
    shape = ogr.CreateGeometryFromWkb(wkb_of(made[0]))
    wanted = "MULTIPOLYGON (((100 200,102 200,102 201,100 200)))"
    assert shape.Equals(ogr.CreateGeometryFromWkt(wanted))
    assert shape.GetGeometryName() == "MULTIPOLYGON"
    assert ogr.CreateGeometryFromWkb(wkb_of(made[2])).GetPoint_2D() == (105.0, 206.0)
    assert bounds == (100.0, 200.0, 105.0, 206.0)
    assert kinds == {"MULTIPOLYGON", "POINT"}


@pytest.mark.parametrize("wkt,wanted", [
    ("POLYGON Z ((0 0 5,4 0 5,4 4 5,0 0 5),(2 1 5,3 1 5,3 2 5,2 1 5))",
     "MULTIPOLYGON (((1 1,5 1,5 5,1 1),(3 2,4 2,4 3,3 2)))"),
    ("GEOMETRYCOLLECTION (POINT (0 0),LINESTRING (0 0,1 1))",
     "GEOMETRYCOLLECTION (POINT (1 1),LINESTRING (1 1,2 2))"),
    ("MULTIPOINT (0 0,1 0)", "MULTIPOINT (1 1,2 1)"),
])  # fmt: skip
def test_blobs_of_other_kinds(wkt, wanted):
    geometry = ogr.CreateGeometryFromWkt(wkt)
    made, _, _ = blobs([bytes(geometry.ExportToIsoWkb(ogr.wkbXDR))], lambda xy: xy + 1.0, 0)
    again = ogr.CreateGeometryFromWkb(wkb_of(made[0]))
    assert again.Equals(ogr.CreateGeometryFromWkt(wanted))
    assert not again.Is3D()


def test_empty_geometry_becomes_null():
    empty = bytes(ogr.CreateGeometryFromWkt("POLYGON EMPTY").ExportToWkb())
    made, bounds, kinds = blobs([empty], lambda xy: xy, 0)
    assert made == [None] and bounds is None and kinds == set()
