"""dgo:classifyareas: area types with their reasons, as a map that dgo:scoredesign takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from tests.qgis.plans import Said, box, digest, refusal, run, sql, srs, uri, write

# Three blocks of a hectare side by side, each wholly known:
#  1: 3,000 m2 of homes x 3 floors = 9,000: FSI .90, GT03
#  2: 2,400 m2 x 3 = 7,200: FSI .72, green 4,000 / 10,000: GT04, and .03 / .75 = 4 % from GT03
#  3: wood all over: GT11
BLOCKS = [(box(0, 0, 100, 100), {"code": "b1"}), (box(100, 0, 200, 100), {"code": "b2"}),
          (box(200, 0, 300, 100), {"code": "b3"})]  # fmt: skip
GROUND = [
    (box(0, 0, 100, 30), {"function": "dwelling", "floors": 3}),
    (box(0, 30, 100, 100), {"function": "road"}),
    (box(100, 0, 200, 24), {"function": "dwelling", "floors": 3}),
    (box(100, 24, 200, 64), {"function": "grass"}),
    (box(100, 64, 200, 100), {"function": "road"}),
    (box(200, 0, 300, 100), {"function": "wood"}),
]


def inputs(folder: Path) -> dict[str, Any]:
    return {
        "AREAS": uri(write(folder / "blocks.gpkg", "blocks", BLOCKS)),
        "ID_FIELD": "code",
        "CURRENT": [uri(write(folder / "bgt.gpkg", "ground", GROUND))],
        "INHABITANTS": 90000,
        "OUTPUT": str(folder / "types.gpkg"),
    }


def columns(path: Any, names: str, table: str = "area_types") -> dict[str, tuple]:
    return {row[0]: row[1:] for row in sql(path, f"SELECT area_id, {names} FROM {table}")}


def overrule(path: str, area: str, kind: str, why: str) -> None:
    """What a person fills in in QGIS."""
    data = ogr.Open(path, 1)
    layer = data.GetLayerByName("area_types")
    for feature in layer:
        if feature["area_id"] == area:
            feature["overruled_type"], feature["overruled_reason"] = kind, why
            layer.SetFeature(feature)
    del layer, data


def test_types_figures_and_reasons(dgo: Any, tmp_path: Path) -> None:
    given = inputs(tmp_path)
    before = digest(tmp_path / "blocks.gpkg"), digest(tmp_path / "bgt.gpkg")
    said = Said.new()
    done = run("classifyareas", given, said)
    assert (done["COUNT"], done["DOUBTFUL"], done["OVERRULED"]) == (3, 1, 0)
    rows = columns(done["OUTPUT"], "type, second_type, doubtful, fsi, gsi, l, osr, mxi, green")
    assert rows["b1"][0] == "GT03" and rows["b3"][0] == "GT11"
    kind, second, doubtful, *figures = rows["b2"]
    assert (kind, second, doubtful) == ("GT04", "GT03", 1)
    # FSI .72, GSI .24, L 3, OSR .76 / .72, MXI 1, green .40
    assert figures == pytest.approx([0.72, 0.24, 3.0, 0.76 / 0.72, 1.0, 0.40])
    nl, en, reason = columns(done["OUTPUT"], "reason_nl, reason_en, reason")["b2"]
    assert reason == en
    assert en.startswith("FSI 0.72 (0.4–0.75) and green 40 % (≥ 35 %)")
    assert "In doubt: FSI lies 4 % from the threshold; beyond it, it is GT03." in en
    assert nl.startswith("FSI 0,72 (0,4–0,75) en groen 40 %")
    assert any(line.startswith("b2: GT04") for line in said.infos)
    # inputs are never written to; nothing half-written stays
    assert before == (digest(tmp_path / "blocks.gpkg"), digest(tmp_path / "bgt.gpkg"))
    assert not list(tmp_path.glob("*.part*"))


def test_the_map_scores_a_design_under_both_types(dgo: Any, tmp_path: Path) -> None:
    done = run("classifyareas", {**inputs(tmp_path), "ALTERNATIVE": True})
    design = write(tmp_path / "design.gpkg", "design", [
        (box(100, 0, 200, 50), {"function": "dwelling"}),
        (box(100, 50, 200, 100), {"function": "grass"}),
    ])  # fmt: skip
    marks = {}
    for name in ("AREA_TYPES", "ALTERNATIVE_MAP"):
        output = tmp_path / f"{name}.gpkg"
        run("scoredesign", {"DESIGN": uri(design), "AREA_TYPES": done[name],
                            "OUTPUT": str(output), "INDICATORS": ["green"]})  # fmt: skip
        marks[name] = sql(output, "SELECT area_type, mark FROM scores WHERE zone_id = 1")
    assert marks["AREA_TYPES"][0][0] == "GT04" and marks["ALTERNATIVE_MAP"][0][0] == "GT03"
    assert marks["AREA_TYPES"][0][1] != marks["ALTERNATIVE_MAP"][0][1]
    # the sure ones are the same in both maps
    for table in ("area_types", "area_types_alternative"):
        assert columns(done["OUTPUT"], "type", table)["b1"] == ("GT03",)


def test_an_overrule_stays_with_its_reason(dgo: Any, tmp_path: Path) -> None:
    given = inputs(tmp_path)
    first = run("classifyareas", given)["OUTPUT"]
    overrule(first, "b2", "Groenstedelijk", "")
    overrule(first, "b1", "GT01", "Council, 3 March 2026")
    overrule(first, "b3", "nonsense", "why not")
    again = {**given, "PREVIOUS": uri(f"{first}|area_types"), "OUTPUT": str(tmp_path / "2.gpkg")}
    said = Said.new()
    done = run("classifyareas", again, said)
    rows = columns(done["OUTPUT"], "type, rule_type, overruled_type, overruled_reason, doubtful")
    assert rows["b1"] == ("GT01", "GT03", "GT01", "Council, 3 March 2026", 0)
    # without a reason, or with a type that nobody knows, a choice is kept but not followed
    assert rows["b2"][:4] == ("GT04", "GT04", "Groenstedelijk", None)
    assert rows["b3"][:4] == ("GT11", "GT11", "nonsense", "why not")
    assert len(said.warnings) == 2 and done["OVERRULED"] == 1
    reason = columns(done["OUTPUT"], "reason")["b1"][0]
    assert reason.startswith("Chosen by the user: GT01 (Council, 3 March 2026). By the rule GT03")
    # handed in as the areas themselves, and once more on other ground: by code
    more = {"AREAS": uri(f"{done['OUTPUT']}|area_types"), "ID_FIELD": None}
    third = run("classifyareas", {**given, **more, "OUTPUT": str(tmp_path / "3.gpkg")})
    assert columns(third["OUTPUT"], "type, overruled_reason")["b1"] == (
        "GT01", "Council, 3 March 2026",
    )  # fmt: skip


def test_an_overrule_that_finds_no_place_is_said(dgo: Any, tmp_path: Path) -> None:
    given = inputs(tmp_path)
    first = run("classifyareas", given)["OUTPUT"]
    overrule(first, "b3", "GT10", "farmland in fact")
    less = write(tmp_path / "less.gpkg", "blocks", BLOCKS[:2])
    said = Said.new()
    run("classifyareas", {**given, "AREAS": uri(less), "PREVIOUS": uri(f"{first}|area_types"),
                          "OUTPUT": str(tmp_path / "2.gpkg")}, said)  # fmt: skip
    assert [w for w in said.warnings if "farmland in fact" in w]


def test_stops_nature_and_size_of_town_are_used(dgo: Any, tmp_path: Path) -> None:
    given = inputs(tmp_path)
    dense = [(w, {**v, "floors": 6} if v["function"] == "dwelling" else v) for w, v in GROUND]
    station = write(tmp_path / "stops.gpkg", "stops",
                    [("POINT(150850 450050)", {"mode": "ic", "freq": 4})])  # fmt: skip
    nature = write(tmp_path / "n2000.gpkg", "n", [(box(195, -10, 310, 110), {"name": "wood"})])
    done = run("classifyareas", {
        **given, "CURRENT": [uri(write(tmp_path / "dense.gpkg", "g", dense))],
        "STOPS": uri(station), "NATURE": [uri(nature)],
    })  # fmt: skip
    rows = columns(done["OUTPUT"], "type, rule, round(station), nature")
    # b1: 3,000 x 6 = FSI 1.8; its edge at x = 100, the station at 850: 750 m
    assert rows["b1"] == ("GT02", "node", 750.0, pytest.approx(0.0))
    assert rows["b3"][:2] == ("GT11", "protected")
    village = [(w, {**v, "people": 4000}) for w, v in BLOCKS]
    done = run("classifyareas", {
        **given, "AREAS": uri(write(tmp_path / "village.gpkg", "blocks", village)),
        "INHABITANTS_FIELD": "people", "OUTPUT": str(tmp_path / "v.gpkg"),
    })  # fmt: skip
    assert columns(done["OUTPUT"], "type, rule")["b2"] == ("GT06", "village")


def test_in_degrees_it_gives_the_same_types(dgo: Any, tmp_path: Path) -> None:
    given = inputs(tmp_path)
    done = run("classifyareas", given)
    folder = tmp_path / "d"
    folder.mkdir()
    degrees = {**given, "AREAS": uri(write(folder / "b.gpkg", "blocks", BLOCKS, to=srs(4326))),
               "OUTPUT": str(folder / "types.gpkg")}  # fmt: skip
    other = run("classifyareas", degrees)
    a, b = (columns(d["OUTPUT"], "type, fsi") for d in (done, other))
    assert {k: v[0] for k, v in a.items()} == {k: v[0] for k, v in b.items()}
    assert b["b2"][1] == pytest.approx(a["b2"][1], rel=1e-3)


def test_refusals_are_sentences(dgo: Any, tmp_path: Path) -> None:
    given = inputs(tmp_path)
    assert "CURRENT" in refusal("classifyareas", {**given, "CURRENT": []})
    assert "never overwritten" in refusal(
        "classifyareas", {**given, "OUTPUT": str(tmp_path / "blocks.gpkg")}
    )
    with pytest.raises(Exception, match="overruled_type"):
        run("classifyareas", {**given, "PREVIOUS": uri(f"{tmp_path / 'bgt.gpkg'}|ground")})
