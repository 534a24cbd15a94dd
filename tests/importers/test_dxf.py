"""Drawings to functions: outlines, hatches, symbols, units, places, and bad files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr, osr

from dgo_twin_plugin.engine.words import Cancelled
from dgo_twin_plugin.importers import dxf
from dgo_twin_plugin.importers._dxf_rules import DxfRules
from dgo_twin_plugin.importers._package import Outcome, Request
from tests.importers import drawing as draw
from tests.importers.bad import asked, refused
from tests.importers.read_back import code, rows, unmapped

X, Y = 155000.0, 463000.0
Points = list[tuple[float, ...]]


def box(x: float, y: float, w: float, h: float, scale: float = 1.0) -> Points:
    return [((X + x + a) * scale, (Y + y + b) * scale)
            for a, b in ((0, 0), (w, 0), (w, h), (0, h))]  # fmt: skip


def wanted(path: Path, out: Path, **options: Any) -> Request:
    return asked(path, out, options={"crs": "EPSG:28992", **options})


def run(tmp_path: Path, text: str, encoding: str = "ascii", **options: Any) -> tuple[Outcome, Path]:
    path, out = draw.saved(tmp_path / "plan.dxf", text, encoding), tmp_path / "out.gpkg"
    return dxf.run(wanted(path, out, **options)), out


def by_layer(out: Path, layer: str = "surfaces") -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(out, layer):
        found.setdefault(row["source_layer"], []).append(row)
    return found


def test_a_drawing(tmp_path: Path) -> None:
    body = (draw.outline("N-GR-GRAS-G", box(0, 0, 100, 50))  # 5,000 m2
            + draw.outline("B-GEBOUW", box(10, 10, 10, 20))  # 200 m2
            + draw.circle("BOMEN", X + 60, Y + 10, 3)
            + draw.insertion("SYMBOLEN", "LOOFBOOM-GROOT", X + 70, Y + 10)
            + draw.insertion("SYMBOLEN", "BANKJE", X + 71, Y + 10)
            + draw.words("TEKSTLAAG", X + 5, Y + 5, "hoi")
            + draw.line("GELUIDSSCHERM", (X, Y + 60), (X + 30, Y + 60))
            + draw.outline("V-GR-GRAS-G", box(0, 0, 1, 1))  # to be removed
            + draw.outline("IETS VREEMDS", box(0, 0, 2, 2))
            + draw.outline("IETS VREEMDS", box(0, 0, 3, 3)))  # fmt: skip
    outcome, out = run(tmp_path, draw.drawing(body, 6, ("LOOFBOOM-GROOT", "BANKJE")))
    assert code(out, "surfaces") == "28992"
    surfaces = by_layer(out)
    assert set(surfaces) == {"N-GR-GRAS-G", "B-GEBOUW"}
    (grass,), (house,) = surfaces["N-GR-GRAS-G"], surfaces["B-GEBOUW"]
    assert grass["function"] == "grass" and house["function"] == "other_building"
    assert grass["shape"].GetArea() == pytest.approx(5000.0)
    assert house["shape"].GetArea() == pytest.approx(200.0)
    assert (grass["existing"], house["existing"]) == (0, 1)  # N-: new, B-: there already
    crown, symbol = rows(out, "points")
    assert crown["function"] == symbol["function"] == "tree"
    # 360 chords of one degree: 6 m within 0.1 mm, kept to a centimetre
    assert crown["canopy_diameter"] == pytest.approx(6.0, abs=0.011)
    assert crown["shape"].GetX() == pytest.approx(X + 60, abs=1e-3)
    assert symbol.get("canopy_diameter") is None and symbol["shape"].GetX() == X + 70
    (barrier,) = rows(out, "lines")
    assert barrier["function"] == "noise_barrier" and not barrier["shape"].Is3D()
    assert barrier["shape"].Length() == pytest.approx(30.0)
    assert unmapped(out) == {("SYMBOLEN", "block", "BANKJE"): 1,
                             ("IETS VREEMDS", "layer", "IETS VREEMDS"): 2}  # fmt: skip
    assert outcome.left_out == {("TEKSTLAAG", "text"): 1, ("V-GR-GRAS-G", "no_surface"): 1}


def test_outlines_of_every_kind(tmp_path: Path) -> None:
    gap = [*box(0, 0, 10, 10), (X, Y + 0.08)]  # ends 8 cm from where it began
    wide = [*box(20, 0, 10, 10), (X + 20, Y + 0.3)]  # 30 cm: not closed
    back = [*box(40, 0, 10, 10), (X + 40, Y)]  # ends exactly where it began
    body = (draw.outline("GAZON 1", gap, closed=False)
            + draw.outline("GAZON 2", wide, closed=False)
            + draw.outline("GAZON 3", back, closed=False)
            + draw.light_outline("GAZON 4", box(60, 0, 10, 10))
            + draw.hatch("GAZON 4", box(60, 0, 10, 10))  # fills the outline: one area
            + draw.hatch("GAZON 5", box(80, 0, 10, 10))
            # half a circle of radius 5 on the lower edge, outwards: 100 + 12.5 pi
            + draw.outline("GAZON 6", box(100, 0, 10, 10), bulge=1.0)
            + draw.outline("GAZON 7", [(x, y, 12.5) for x, y in box(120, 0, 10, 10)])
            + draw.line("GAZON 8", (X, Y), (X + 5, Y)))  # fmt: skip
    outcome, out = run(tmp_path, draw.drawing(body, 6, version="AC1015"))
    found = {name: one[0]["shape"] for name, one in by_layer(out).items()}
    assert set(found) == {f"GAZON {k}" for k in (1, 3, 4, 5, 6, 7)}
    for k in (1, 3, 4, 5, 7):
        assert found[f"GAZON {k}"].GetArea() == pytest.approx(100.0), k
        assert found[f"GAZON {k}"].IsValid() and not found[f"GAZON {k}"].Is3D()
    assert found["GAZON 6"].GetArea() == pytest.approx(100 + 12.5 * math.pi, abs=0.01)
    assert outcome.left_out == {("GAZON 2", "open"): 1, ("GAZON 4", "twice"): 1,
                                ("GAZON 8", "open"): 1}  # fmt: skip
    notes = {n.key.rpartition(".")[2]: n.params for n in outcome.notes}
    assert notes["dxf_closed"] == {"layer": "GAZON 1", "count": 1}


@pytest.mark.parametrize("units, scale, options, note", [
    (4, 1000.0, {}, "header"), (None, 1000.0, {"scale": 0.001}, "given"),
    (4, 1.0, {"scale": 1.0}, "given"), (5, 100.0, {}, "header"), (None, 1.0, {}, "none"),
])  # fmt: skip
def test_units(units: int | None, scale: float, options: dict[str, float], note: str,
               tmp_path: Path) -> None:  # fmt: skip
    """``scale`` drawing units in a metre."""
    body = draw.outline("GAZON", box(0, 0, 10, 20, scale))
    outcome, out = run(tmp_path, draw.drawing(body, units), **options)
    (one,) = rows(out, "surfaces")
    assert one["shape"].GetArea() == pytest.approx(200.0, abs=1e-6)
    assert one["shape"].Centroid().GetX() == pytest.approx(X + 5)
    assert [n.key for n in outcome.notes] == [f"errors.import.note.dxf_scale_{note}"]


def test_a_local_zero_point_is_shifted(tmp_path: Path) -> None:
    points: Points = [(0, 0), (10, 0), (10, 10), (0, 10)]
    text = draw.drawing(draw.outline("GAZON", points))
    path, out = draw.saved(tmp_path / "plan.dxf", text), tmp_path / "x.gpkg"
    said = refused("dxf_outside", dxf.run, wanted(path, out))
    assert "SHIFT_X" in said
    dxf.run(wanted(path, out, shift=(X, Y)))
    assert rows(out, "surfaces")[0]["shape"].Centroid().GetY() == pytest.approx(Y + 5)


def test_the_wrong_scale_is_told_with_the_right_one(tmp_path: Path) -> None:
    out = tmp_path / "x.gpkg"
    text = draw.drawing(draw.outline("GAZON", box(0, 0, 10, 10, 1000.0)))
    said = refused("dxf_outside_scale", dxf.run,
                   wanted(draw.saved(tmp_path / "mm.dxf", text), out))  # fmt: skip
    assert "SCALE to 0.001" in said
    # the header says mm, and that is not true
    text = draw.drawing(draw.outline("GAZON", box(0, 0, 10, 10)), 4)
    said = refused("dxf_outside_scale", dxf.run,
                   wanted(draw.saved(tmp_path / "m.dxf", text), out))  # fmt: skip
    assert "SCALE to 1." in said


def test_a_stray_object_far_away_is_left_out(tmp_path: Path) -> None:
    body = (draw.outline("GAZON", box(0, 0, 10, 10)) + draw.outline("GAZON", box(20, 0, 10, 10))
            + draw.outline("GAZON", [(1e12, 0), (1e12 + 1, 0), (1e12, 1)]))  # fmt: skip
    outcome, out = run(tmp_path, draw.drawing(body))
    assert len(rows(out, "surfaces")) == 2
    assert outcome.left_out == {("GAZON", "plane"): 1}


def test_paper_space_and_dimensions_are_no_drawing(tmp_path: Path) -> None:
    paper = draw.pairs((0, "LINE"), (8, "GAZON"), (67, 1), (10, X), (20, Y), (11, X + 1), (21, Y))
    size = draw.pairs((0, "DIMENSION"), (5, "2A"), (100, "AcDbEntity"), (8, "GAZON"),
                      (100, "AcDbDimension"), (10, X), (20, Y), (11, X + 5), (21, Y), (70, 0),
                      (100, "AcDbAlignedDimension"), (13, X), (23, Y), (14, X + 5),
                      (24, Y))  # fmt: skip
    body = draw.outline("GAZON", box(0, 0, 10, 10)) + paper + size
    outcome, out = run(tmp_path, draw.drawing(body, 6, version="AC1015"))
    assert len(rows(out, "surfaces")) == 1
    left = {reason: n for (_layer, reason), n in outcome.left_out.items()}
    assert left["paper"] == 1 and left["dimension"] >= 1 and set(left) <= {
        "paper", "dimension", "text"}  # fmt: skip


def test_names_in_windows_signs(tmp_path: Path) -> None:
    """cp1252, whatever version the file claims to be: 2007 (AC1021) should be UTF-8."""
    own = tmp_path / "own.yml"
    own.write_text("layers:\n  - {match: 'CAFÉ*', function: culture}\n", encoding="utf-8")
    for version in ("AC1009", "AC1021"):
        path = draw.saved(tmp_path / "p.dxf", draw.drawing(
            draw.outline("Café-terras", box(0, 0, 10, 10)), version=version), "cp1252")  # fmt: skip
        out = tmp_path / f"{version}.gpkg"
        dxf.run(asked(path, out, mapping=str(own), options={"crs": "EPSG:28992"}))
        (one,) = rows(out, "surfaces")
        assert (one["function"], one["source_layer"]) == ("culture", "Café-terras")


def test_patterns() -> None:
    rules = DxfRules(None)

    def function(name: str) -> str | None:
        rule = rules.layer(name)
        return "?" if rule is None else rule.function

    assert function("b_we vh-verharding_betonstraatsteen-g") == "paved"
    assert function("N-WE-VH-VERHARDING_TEGEL-G") == "footway"
    assert function("N-GV-GR-BEPLANTING_NATUUR_BOSPLANTSOEN") == "wood"
    assert function("Parkeervakken") == "parking"
    assert function("N-GR-BOOM-S") == "tree"
    assert function("B-OI-KL-ET_MANTELBUIS") is None  # a cable: left out without a word
    assert function("Laag1") == "?"


def test_only_the_area(tmp_path: Path) -> None:
    body = draw.outline("GAZON", box(0, 0, 10, 10)) + draw.outline("GAZON", box(50, 0, 10, 10))
    path = draw.saved(tmp_path / "p.dxf", draw.drawing(body))
    area = ogr.CreateGeometryFromWkt(f"POINT({X} {Y})").Buffer(20)
    plane = osr.SpatialReference()
    plane.ImportFromEPSG(28992)
    area.AssignSpatialReference(plane)
    out = tmp_path / "o.gpkg"
    outcome = dxf.run(asked(path, out, area=area, options={"crs": "EPSG:28992"}))
    assert len(rows(out, "surfaces")) == 1
    assert outcome.left_out == {("GAZON", "outside"): 1}


def test_bad_files(tmp_path: Path) -> None:
    out = tmp_path / "out.gpkg"
    whole = draw.drawing(draw.outline("GAZON", box(0, 0, 10, 10)))

    def made(data: bytes | str) -> Request:
        path = tmp_path / "p.dxf"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return wanted(path, out)

    refused("empty_file", dxf.run, made(b""))
    refused("dxf_dwg", dxf.run, made(b"AC1032\0\0\0\0"))
    refused("dxf_binary", dxf.run, made(b"AutoCAD Binary DXF\r\n\x1a\0"))
    refused("dxf_not", dxf.run, made(b"\x89PNG\r\n\x1a\n\0\0"))
    refused("dxf_not", dxf.run, made("gewoon tekst\n"))
    refused("html", dxf.run, made("<html><body>Sign in</body></html>"))
    refused("dxf_half", dxf.run, made(whole[: len(whole) * 2 // 3]))
    refused("dxf_empty", dxf.run, made(draw.drawing("")))
    refused("nothing", dxf.run, made(draw.drawing(draw.words("A", X, Y, "hoi"))))
    request = made(whole)
    request.options["crs"] = "EPSG:4326"
    refused("dxf_crs", dxf.run, request)
    request.options["crs"] = ""
    refused("crs", dxf.run, request)
    request.options.update(crs="EPSG:28992", scale=-1.0)
    refused("dxf_scale", dxf.run, request)


def test_too_many_and_cancelled(tmp_path: Path) -> None:
    body = "".join(draw.outline("GAZON", box(20.0 * k, 0, 10, 10)) for k in range(20))
    path, out = draw.saved(tmp_path / "p.dxf", draw.drawing(body)), tmp_path / "out.gpkg"
    request = wanted(path, out)
    request.max_features = 10
    refused("too_many", dxf.run, request)
    out.unlink()

    def tick() -> None:
        raise Cancelled

    request = wanted(path, out)
    request.tick = tick
    with pytest.raises(Cancelled):
        dxf.run(request)
    assert {p.name for p in tmp_path.iterdir()} == {"p.dxf"}


def test_a_mapping_that_does_not_hold(tmp_path: Path) -> None:
    path = draw.saved(tmp_path / "p.dxf", draw.drawing(draw.outline("A", box(0, 0, 9, 9))))
    own, out = tmp_path / "own.yml", tmp_path / "out.gpkg"
    for text, key, word in (
        ("layers:\n  - {match: 'A', function: castle}\n", "mapping_function", "castle"),
        ("layers:\n  - {function: grass}\n", "mapping_block", "match"),
        ("layers:\n  - {match: A, function: grass, fields: {tall: 1}}\n", "mapping_block", "tall"),
        ("close_gap: 1\n", "mapping_key", "layers"),
    ):
        own.write_text(text, encoding="utf-8")
        request = wanted(path, out)
        request.mapping = str(own)
        assert word in refused(key, dxf.run, request)
