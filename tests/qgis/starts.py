"""What the tests of the start of a plan share: a plan area of 200 x 100 m with maps around it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from . import plans as p
from .plans import box, write


def write_material(folder: Path) -> Path:
    """A folder with a plan area, what is there now, an area-type map, maps and a twin file."""
    folder.mkdir()
    write(folder / "plan.gpkg", "area", [(box(0, 0, 200, 100), {"naam": "Veld"})])
    now = [(box(0, 0, 50, 50), {"klasse": "bos"}), (box(-200, -200, 400, 300), {"klasse": "gras"})]
    write(folder / "nu.gpkg", "vlakken", now)
    kinds = [(box(-500, -500, 150, 500), {"soort": "Groenstedelijk"}),
             (box(150, -500, 700, 500), {"soort": "Weiland"})]  # fmt: skip
    write(folder / "typen.gpkg", "kaart", kinds)
    nature = [(box(150, 0, 300, 100), {"naam": "Veen"}),
              (box(50_000, 0, 51_000, 100), {"naam": "Elders"})]  # fmt: skip
    write(folder / "kaarten.gpkg", "natuur", nature)
    # 10 m cells from 1,500 m west to 1,500 m east: 62 dB west of x = 50, 45 dB east of it
    noise = np.full((300, 300), 45.0)
    noise[:, :155] = 62.0
    p.raster(folder / "geluid.tif", noise, -1500.0, 1500.0, 10.0)
    (folder / "plan.yml").write_text(
        "functions: {bos: wood, gras: grass}\n"
        "area_types: {layer: typen.gpkg|kaart, type: soort, types: {Weiland: GT10}}\n"
        "context:\n"
        "  current: {layer: nu.gpkg|vlakken, function: klasse}\n"
        "  natura2000: {layer: kaarten.gpkg|natuur, fields: {name: naam}}\n"
        "  noise_road: {layer: geluid.tif, owner: provincial}\n"
        "scenario: Veldplan\n", encoding="utf-8")  # fmt: skip
    return folder


def parameters(material: Path, plans: Path) -> dict[str, Any]:
    """Parameters of a start of ``Veld`` below a folder that is not there yet."""
    return {
        "PLAN_AREA": p.uri(f"{material / 'plan.gpkg'}|area"),
        "TWIN": str(material / "plan.yml"),
        "NAME": "Veld",
        "FOLDER": str(plans / "Veld"),
    }


def rows(file: str, query: str) -> list[tuple]:
    store = sqlite3.connect(f"{Path(file).as_uri()}?mode=ro", uri=True)
    try:
        return store.execute(query).fetchall()
    finally:
        store.close()


def leftovers(folder: Path) -> list[str]:
    """What lies beside the plan."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
