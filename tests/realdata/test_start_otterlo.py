"""The start of a plan in Otterlo, from the BGT as PDOK delivers it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.qgis.plans import run

# 300 x 300 m in the box of the README; its ground is covered by the BGT without gaps
EXTENT = "180800,181100,456800,457100 [EPSG:28992]"


def test_from_the_zip_to_a_folder_ready_to_sketch(
    dgo: Any, qgis_project: Any, realdata: Path, tmp_path: Path, capsys: Any
) -> None:
    zip_ = realdata / "otterlo" / "bgt_otterlo_gml.zip"
    if not zip_.exists():
        pytest.skip("no BGT of Otterlo")
    started = time.perf_counter()
    made = run("startplan", {"EXTENT": EXTENT, "BGT": str(zip_), "NAME": "Otterlo",
                             "AREA_TYPE": "GT06", "FOLDER": str(tmp_path / "Otterlo")})  # fmt: skip
    seconds = time.perf_counter() - started
    with capsys.disabled():
        print(f" [from BGT zip to a plan: {seconds:.1f} s]", end="")
    store = sqlite3.connect(f"{Path(made['RESULTS']).as_uri()}?mode=ro", uri=True)
    try:
        ((area,),) = store.execute("SELECT sum(area_m2) FROM zones").fetchall()
        ((assessed,),) = store.execute(
            "SELECT count(*) FROM scores WHERE zone_id = 0 AND mark IS NOT NULL").fetchall()
        chances = {r for (r,) in store.execute("SELECT rule FROM chances")}
    finally:
        store.close()
    assert area == pytest.approx(90_000.0, abs=0.5)
    assert assessed >= 8  # what the ground alone can tell
    assert Path(made["PROJECT"]).is_file() and made["CHANCES"] == len(chances) > 0
