"""Area types on data that nobody of this project made: Otterlo, and invalid neighbourhoods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .helpers import box, sql, write

LAYERS = ("begroeidterreindeel", "onbegroeidterreindeel", "wegdeel", "ondersteunendwegdeel",
          "waterdeel", "ondersteunendwaterdeel", "pand", "overigbouwwerk", "scheiding")  # fmt: skip


def classify(folder: Path, twin: dict[str, Any], **more: Any) -> dict[str, Any]:
    from qgis import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    file = folder / "twin.yml"
    file.write_text(yaml.safe_dump(twin), encoding="utf-8")
    given = {"TWIN": str(file), "OUTPUT": str(folder / "types.gpkg"), **more}
    return processing.run("dgo:classifyareas", given, context=QgsProcessingContext(),
                          feedback=QgsProcessingFeedback())  # fmt: skip


def test_otterlo_in_blocks_of_250_m(realdata: Path, dgo: Any, tmp_path: Path) -> None:
    bgt = realdata / "otterlo" / "bgt_otterlo.gpkg"
    cells = [(box(x, y, x + 250, y + 250), {"code": f"{x}_{y}"})
             for x in range(180500, 181500, 250) for y in range(456500, 457500, 250)]  # fmt: skip
    areas = write(tmp_path / "areas.gpkg", "blocks", cells)
    current = [{"layer": f"{bgt}|bgt_{name}", "mapping": "bgt"} for name in LAYERS]
    done = classify(tmp_path, {"context": {"current": current}}, INHABITANTS=2500,
                    AREAS=areas.replace("|", "|layername="))  # fmt: skip
    rows = sql(done["OUTPUT"], "SELECT type, area_m2, gsi, green, agrarian, ground_known, "
               "floors_assumed, use_known, fsi, reason FROM area_types")  # fmt: skip
    assert len(rows) == 16
    # README: the box is 1,000,000 m2 of known ground; buildings 77,375.6 m2 (and 432.1 of other
    # structures, of which the panden overlap some): nothing is lost over the 16 cells
    assert sum(r[1] for r in rows) == pytest.approx(1_000_000, abs=0.1)
    assert all(r[5] == pytest.approx(1.0, abs=1e-3) for r in rows)
    built = sum(r[1] * r[2] for r in rows)
    assert 77_375.6 - 1 <= built <= 77_375.6 + 432.1 + 1
    # the registration knows neither heights nor uses: all floors are assumed, no MXI
    assert all(r[6] == pytest.approx(1.0) and r[7] == pytest.approx(0.0) for r in rows if r[8])
    # a village of 2,500 among heath and farmland: villages, villas, farmland or nature, no town
    assert {r[0] for r in rows} <= {"GT05", "GT06", "GT07", "GT10", "GT11"}
    assert len({r[0] for r in rows}) >= 2 and all(r[9] for r in rows)


def test_half_of_the_neighbourhoods_invalid(realdata: Path, dgo: Any, tmp_path: Path) -> None:
    """1,342 neighbourhoods of Utrecht, 638 of them invalid: every one gets exactly one type."""
    nature = f"{realdata}/areas/natura2000_2013.gpkg|natura2000"
    twin = {"context": {"current": {"layer": nature, "functions": "nature"},
                        "natura2000": {"layer": nature}}}  # fmt: skip
    areas = f"{realdata}/areas/cbs_2025_2014.gpkg|layername=buurt_2014"
    done = classify(tmp_path, twin, AREAS=areas, ID_FIELD="statcode")
    rows = sql(done["OUTPUT"], "SELECT area_id, type, rule, nature, ground_known FROM area_types")
    assert len(rows) == done["COUNT"] and all(r[1] for r in rows)
    ids = [r[0] for r in rows]
    assert len(set(ids)) == len(ids)
    # where nature is all that is known: inside it GT11, elsewhere nothing is known of the ground
    for _, kind, rule, inside, known in rows:
        if inside >= 0.9:
            assert (kind, rule) == ("GT11", "protected")
        elif known < 0.5:
            assert rule == "unknown"
    assert any(r[2] == "protected" for r in rows)
