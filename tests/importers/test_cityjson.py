"""CityJSON and CityJSONSeq to buildings: outline, height, floors, use; and bad files."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.words import Cancelled
from dgo_twin_plugin.importers import cityjson
from tests.importers.bad import asked, refused
from tests.importers.osm_files import lonlat
from tests.importers.read_back import code, rows, unmapped

X, Y = 155000.0, 463000.0
SCALE = [0.001, 0.001, 0.001]
RD_NAP = "https://www.opengis.net/def/crs/EPSG/0/7415"
Json = dict[str, Any]


def block(x: float, y: float, w: float, h: float, low: float, high: float,
          first: int = 0) -> tuple[list[list[int]], list[Any]]:  # fmt: skip
    """Vertices (mm) of an upright block and the shell of its solid."""
    ring = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    made = [[round(a * 1000), round(b * 1000), round(z * 1000)]
            for z in (low, high) for a, b in ring]  # fmt: skip
    faces = [[3, 2, 1, 0], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    return made, [[[v + first for v in face]] for face in faces]


def solid(shell: list[Any], lod: Any = "1.2", named: bool = True) -> Json:
    made: Json = {"type": "Solid", "lod": lod, "boundaries": [shell]}
    if named:
        made["semantics"] = {
            "surfaces": [{"type": t} for t in ("GroundSurface", "RoofSurface", "WallSurface")],
            "values": [[0, 1, 2, 2, 2, 2]]}  # fmt: skip
    return made


def model(objects: Json, vertices: list[list[int]], version: str = "2.0",
          crs: str | None = RD_NAP) -> Json:  # fmt: skip
    return {"type": "CityJSON", "version": version,
            "transform": {"scale": SCALE, "translate": [X, Y, 0.0]},
            "metadata": {"referenceSystem": crs} if crs else {},
            "CityObjects": objects, "vertices": vertices}  # fmt: skip


def saved(path: Path, content: Json) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def one(tmp_path: Path, content: Json, **options: Any) -> Json:
    """The one building that is written."""
    out = tmp_path / "out.gpkg"
    cityjson.run(asked(saved(tmp_path / "a.city.json", content), out, options=options))
    (found,) = rows(out, "surfaces")
    return found


def as_3dbag(name: str = "NL.IMBAG.Pand.1", x: float = 0.0) -> tuple[Json, list[list[int]]]:
    """A building as 3DBAG delivers it: attributes and LoD 0 on the building, solids on its part.
    10 x 20 m; the roof runs to 10 m, 70 % of it below 9.5 m; the ground lies at 0.5 m."""
    vertices, shell = block(x, 0, 10, 20, 0.5, 10.0)
    objects = {
        name: {"type": "Building", "children": [name + "-0"],
               "attributes": {"b3_h_dak_70p": 9.5, "b3_h_dak_50p": 9.0, "b3_h_dak_max": 10.0,
                              "b3_h_maaiveld": 0.5, "b3_bouwlagen": 3, "status": "Pand in gebruik"},
               "geometry": [{"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 2, 3]]]}]},
        name + "-0": {"type": "BuildingPart", "parents": [name], "attributes": {},
                      "geometry": [solid(shell, "1.2"), solid(shell, "2.2")]}}  # fmt: skip
    return objects, vertices


def test_a_building_of_3dbag(tmp_path: Path) -> None:
    found = one(tmp_path, model(*as_3dbag()))
    assert found["shape"].GetArea() == pytest.approx(200.0)
    assert found["shape"].Centroid().GetX() == pytest.approx(X + 5)
    assert found["height"] == pytest.approx(9.0)  # 9.5 - 0.5
    assert (found["floors"], found["function"], found["existing"]) == (3, "other_building", 1)
    assert found["source_id"] == "NL.IMBAG.Pand.1"
    assert code(tmp_path / "out.gpkg", "surfaces") == "28992"


@pytest.mark.parametrize("attributes, height", [
    ({"b3_h_dak_50p": 9.0, "b3_h_maaiveld": 0.5}, 8.5),
    ({"b3_h_dak_max": 10.0, "b3_h_maaiveld": 0.5}, 9.5),
    ({"measuredHeight": 7.25}, 7.25),
    ({"measuredHeight": {"value": 7.25, "uom": "m"}}, 7.25),
    ({"measuredHeight": "7,25"}, 7.25),
    ({"measuredHeight": -3}, 9.5),  # impossible: from the geometry, 10 - 0.5
    ({"measuredHeight": [1]}, 9.5),
    ({}, 9.5),
])  # fmt: skip
def test_where_the_height_comes_from(attributes: Json, height: float, tmp_path: Path) -> None:
    vertices, shell = block(0, 0, 10, 20, 0.5, 10.0)
    building = {"type": "Building", "attributes": attributes, "geometry": [solid(shell)]}
    assert one(tmp_path, model({"b": building}, vertices))["height"] == pytest.approx(height)


@pytest.mark.parametrize("version, lod, named, area", [
    ("1.0", 1, True, 200.0), ("1.1", "2.2", True, 200.0), ("2.0", "1.3", False, 200.0),
])  # fmt: skip
def test_outlines(version: str, lod: Any, named: bool, area: float, tmp_path: Path) -> None:
    vertices, shell = block(0, 0, 10, 20, 0.0, 6.0)
    building = {"type": "Building", "geometry": [solid(shell, lod, named)]}
    found = one(tmp_path, model({"b": building}, vertices, version))
    assert found["shape"].GetArea() == pytest.approx(area) and found["height"] == 6.0


def test_the_lowest_of_two_flat_surfaces(tmp_path: Path) -> None:
    """Level 0 may hold the outline on the ground and the edge of the roof, a metre wider."""
    low, _ = block(0, 0, 10, 10, 0, 0)
    high, _ = block(-1, -1, 12, 12, 8, 8)
    flat = [{"type": "MultiSurface", "lod": "0", "boundaries": [[[4, 5, 6, 7]], [[0, 1, 2, 3]]]}]
    found = one(tmp_path, model({"b": {"type": "Building", "geometry": flat}}, low[:4] + high[:4]))
    assert found["shape"].GetArea() == pytest.approx(100.0)
    assert found.get("height") is None  # a flat outline has no height


def test_a_courtyard_stays_open(tmp_path: Path) -> None:
    outer, _ = block(0, 0, 10, 10, 0, 0)
    inner, _ = block(3, 3, 4, 4, 0, 0)
    flat = [{"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 2, 3], [7, 6, 5, 4]]]}]
    objects = {"b": {"type": "Building", "geometry": flat}}
    found = one(tmp_path, model(objects, outer[:4] + inner[:4]))
    assert found["shape"].GetArea() == pytest.approx(84.0)  # 100 - 16


def test_parts_together_and_parts_apart(tmp_path: Path) -> None:
    a, left = block(0, 0, 10, 10, 0, 5)
    b, right = block(10, 0, 10, 10, 0, 9, 8)

    def parts(*heights: float | None) -> Json:
        found: Json = {"b": {"type": "Building", "children": ["p0", "p1"],
                             "attributes": {"storeysAboveGround": 2, "measuredHeight": 7}}}
        for k, (shell, high) in enumerate(zip((left, right), heights)):
            found[f"p{k}"] = {"type": "BuildingPart", "parents": ["b"], "geometry": [solid(shell)],
                              "attributes": {"measuredHeight": high} if high else {}}  # fmt: skip
        return found

    found = one(tmp_path, model(parts(None, None), a + b))
    assert found["shape"].GetArea() == pytest.approx(200.0)
    assert (found["height"], found["floors"]) == (7.0, 2)
    out = tmp_path / "out.gpkg"
    cityjson.run(asked(saved(tmp_path / "b.json", model(parts(5.0, 9.0), a + b)), out))
    apart = {r["source_id"]: r for r in rows(out, "surfaces")}
    assert {k: (r["height"], r["floors"]) for k, r in apart.items()} == {
        "p0": (5.0, 2), "p1": (9.0, 2)}  # fmt: skip
    assert sum(r["shape"].GetArea() for r in apart.values()) == pytest.approx(200.0)


def test_use_and_what_is_unknown(tmp_path: Path) -> None:
    vertices, shell = block(0, 0, 10, 10, 0, 5)
    uses: list[Any] = ["woonfunctie", ["kantoorfunctie"], "Residential", "toverfunctie", None]
    objects: Json = {
        f"b{k}": {"type": "Building", "attributes": {"function": use}, "geometry": [solid(shell)]}
        for k, use in enumerate(uses)
    }
    objects["tree"] = {"type": "SolitaryVegetationObject"}
    objects["floors"] = {"type": "Building", "geometry": [solid(shell)],
                         "attributes": {"storeysAboveGround": "veel"}}  # fmt: skip
    out = tmp_path / "out.gpkg"
    cityjson.run(asked(saved(tmp_path / "a.json", model(objects, vertices)), out))
    found = {r["source_id"]: r["function"] for r in rows(out, "surfaces")}
    assert [found[f"b{k}"] for k in range(5)] == [
        "dwelling", "office", "dwelling", "other_building", "other_building"]  # fmt: skip
    assert unmapped(out) == {("a.json", "function", "toverfunctie"): 1,
                             ("a.json", "type", "SolitaryVegetationObject"): 1,
                             ("a.json", "storeysAboveGround", "veel"): 1}  # fmt: skip


def sequence(path: Path, count: int = 3) -> Path:
    """CityJSONSeq: every feature has its own vertices; the last two have the same id."""
    lines = [json.dumps(model({}, []))]
    for k in range(count):
        objects, vertices = as_3dbag(f"pand{min(k, count - 2)}", 20.0 * k)
        lines.append(json.dumps({"type": "CityJSONFeature", "id": f"pand{k}",
                                 "CityObjects": objects, "vertices": vertices}))  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.city.jsonl", "a.json"])
def test_line_by_line(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    outcome = cityjson.run(asked(sequence(tmp_path / name), out))
    assert {r["source_id"] for r in rows(out, "surfaces")} == {"pand0", "pand1"}
    assert outcome.left_out == {(name, "twice"): 1}


def test_line_breaks_are_no_sequence(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(model(*as_3dbag()), indent=1), encoding="utf-8")
    out = tmp_path / "out.gpkg"
    cityjson.run(asked(path, out))
    assert len(rows(out, "surfaces")) == 1


def test_degrees_come_into_the_national_plane(tmp_path: Path) -> None:
    corners = lonlat([(X, Y), (X + 10, Y), (X + 10, Y + 20), (X, Y + 20)])
    vertices, shell = block(0, 0, 10, 20, 0, 6)
    content = model({"b": {"type": "Building", "geometry": [solid(shell)]}}, vertices,
                    crs="http://www.opengis.net/def/crs/EPSG/0/4979")  # fmt: skip
    del content["transform"]
    content["vertices"] = [[*corners[k % 4], z] for k, z in enumerate([0.0] * 4 + [6.0] * 4)]
    found = one(tmp_path, content)
    assert code(tmp_path / "out.gpkg", "surfaces") == "28992"
    assert found["shape"].GetArea() == pytest.approx(200.0, abs=0.3) and found["height"] == 6.0


def test_bad_files(tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    good = model(*as_3dbag())
    whole = json.dumps(good)

    def made(data: str | bytes, name: str = "p.json") -> Any:
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return asked(path, out)

    def changed(**more: Any) -> Any:
        return made(json.dumps({**copy.deepcopy(good), **more}))

    run = cityjson.run
    refused("empty_file", run, made(" \n"))
    refused("html", run, made("<html>Too many requests</html>"))
    refused("cityjson_half", run, made(whole[: len(whole) // 2]))
    refused("cityjson_half", run, made("[" * 100_000))
    refused("cityjson_not", run, made('{"type": "FeatureCollection", "features": []}'))
    refused("cityjson_not", run, made("[]"))
    refused("cityjson_not", run, changed(CityObjects=[]))
    refused("cityjson_version", run, changed(version="0.9"))
    refused("cityjson_crs", run, changed(metadata={}))
    refused("crs", run, changed(metadata={"referenceSystem": "EPSG:nonsense"}))
    refused("cityjson_vertices", run, changed(vertices=[["a", 1, 2]]))
    refused("cityjson_vertices", run, changed(vertices=[[1, 2]]))
    refused("cityjson_vertices", run, made(whole.replace("[10000, 0, 500]", "[1e999, 0, 500]")))
    refused("nothing", run, changed(CityObjects={}))
    text = sequence(tmp_path / "s.jsonl").read_text(encoding="utf-8")
    said = refused("cityjson_half", run, made(text[:-200], "t.jsonl"))
    assert "line 4" in said
    refused("cityjson_line", run, made(text + '{"type": "x"}\n', "u.jsonl"))
    with pytest.raises(Exception, match="UTF-8"):
        run(made(whole.replace("Pand in", "Pand ën").encode("cp1252")))


def test_what_is_broken_in_one_building_costs_that_one(tmp_path: Path) -> None:
    objects, vertices = as_3dbag()
    objects["lost"] = {"type": "Building", "geometry": [
        {"type": "MultiSurface", "lod": "0", "boundaries": [[[0, 1, 99]]]}]}  # fmt: skip
    objects["deep"] = {"type": "Building", "geometry": [
        {"type": "Solid", "lod": "1", "boundaries": [0, 1]}]}  # fmt: skip
    objects["none"] = {"type": "Building"}
    objects["far"] = {"type": "Building", "geometry": [
        {"type": "MultiSurface", "lod": "0", "boundaries": [[[8, 9, 10]]]}]}  # fmt: skip
    vertices = vertices + [[10**12, 0, 0], [10**12 + 10**5, 0, 0], [10**12, 10**5, 0]]
    out = tmp_path / "out.gpkg"
    outcome = cityjson.run(asked(saved(tmp_path / "a.json", model(objects, vertices)), out))
    assert [r["source_id"] for r in rows(out, "surfaces")] == ["NL.IMBAG.Pand.1"]
    assert outcome.left_out == {("a.json", "geometry"): 3, ("a.json", "plane"): 1}


def test_too_many_and_cancelled(tmp_path: Path) -> None:
    path, out = sequence(tmp_path / "a.jsonl", 6), tmp_path / "out.gpkg"
    refused("too_many", cityjson.run, asked(path, out, max_features=2))
    out.unlink()

    def tick() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        cityjson.run(asked(path, out, tick=tick))
    assert {p.name for p in tmp_path.iterdir()} == {"a.jsonl"}
