"""A BGT extract of 250,000 objects, as GeoPackage and as the zip of GML that PDOK delivers.

    python3 -m bench.imports make FOLDER     the two files, once (a few minutes)
    python3 -m bench.imports gpkg FOLDER     one measurement each, as JSON
    python3 -m bench.imports zip FOLDER

The case: all objects of a village (real data, found by DGO_REALDATA), ended versions included,
repeated over a grid until there are 250,000. Without the real data nothing is measured.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from .full import memory

OBJECTS = 250_000
STEP = 5_000.0  # m between two copies: the village is 4.7 km high
TARGETS = {"gpkg": 25.0, "zip": 75.0}  # s
MEMORY = 1_536.0  # MiB
REPO = Path(__file__).resolve().parent.parent


def village() -> Path | None:
    """The folder with the village's files; None where there is no real data."""
    folder = Path(os.environ.get("DGO_REALDATA") or REPO.parent / "shared" / "realdata")
    return folder / "otterlo" if (folder / "otterlo").is_dir() else None


def make(folder: str) -> dict[str, Any]:
    """Write ``bgt.gpkg`` and ``bgt.zip``."""
    source = village()
    if source is None:
        raise SystemExit("no real data (set DGO_REALDATA)")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    count = _rows(source / "bgt_otterlo.gpkg")
    copies = math.ceil(OBJECTS / count)
    side = math.ceil(math.sqrt(copies))
    moves = [(STEP * (k % side), STEP * (k // side)) for k in range(copies)]
    _database(source / "bgt_otterlo.gpkg", target / "bgt.gpkg", moves)
    _delivery(source / "bgt_otterlo_gml.zip", target / "bgt.zip", moves)
    return {"objects": count * copies, "copies": copies}


def _rows(path: Path) -> int:
    from osgeo import ogr

    data = ogr.Open(str(path))
    return sum(data.GetLayer(i).GetFeatureCount() for i in range(data.GetLayerCount()))


def _database(source: Path, target: Path, moves: list[tuple[float, float]]) -> None:
    from osgeo import ogr

    from dgo_twin_plugin.engine.wkb import moved_wkb

    target.unlink(missing_ok=True)
    given = ogr.Open(str(source))
    made = ogr.GetDriverByName("GPKG").CreateDataSource(str(target))
    for i in range(given.GetLayerCount()):
        layer = given.GetLayer(i)
        out = made.CreateLayer(layer.GetName(), layer.GetSpatialRef(), layer.GetGeomType())
        definition = layer.GetLayerDefn()
        for k in range(definition.GetFieldCount()):
            out.CreateField(definition.GetFieldDefn(k))
        rows = [(bytes(f.GetGeometryRef().ExportToIsoWkb()) if f.GetGeometryRef() else None, f)
                for f in layer]  # fmt: skip
        made.StartTransaction()
        for k, (dx, dy) in enumerate(moves):
            for wkb, feature in rows:
                copy = feature.Clone()
                copy.SetFID(-1)
                copy["lokaalID"] = f"{feature['lokaalID']}-{k}"
                if wkb is not None:
                    copy.SetGeometry(ogr.CreateGeometryFromWkb(moved_wkb(wkb, (-dx, -dy))))
                out.CreateFeature(copy)
        made.CommitTransaction()


_NUMBERS = re.compile(r"(<gml:pos(?:List)?[^>]*>)([^<]*)(<)")


def _delivery(source: Path, target: Path, moves: list[tuple[float, float]]) -> None:
    packed = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with zipfile.ZipFile(source) as given, packed as made:
        for name in given.namelist():
            text = given.read(name).decode("utf-8")
            start = text.find("<cityObjectMember>")
            end = text.rfind("</CityModel>")
            with made.open(name, "w", force_zip64=True) as out:
                if start < 0:
                    out.write(text.encode())
                    continue
                out.write(text[:start].encode())
                for k, (dx, dy) in enumerate(moves):
                    out.write(_moved(text[start:end], dx, dy, k).encode())
                out.write(text[end:].encode())


def _moved(text: str, dx: float, dy: float, copy: int) -> str:
    def shifted(found: re.Match[str]) -> str:
        values = [float(v) for v in found[2].split()]
        pairs = (f"{x + dx:.3f} {y + dy:.3f}" for x, y in zip(values[::2], values[1::2]))
        return f"{found[1]}{' '.join(pairs)}{found[3]}"

    return _NUMBERS.sub(shifted, text).replace("</imgeo:lokaalID>", f"-{copy}</imgeo:lokaalID>")


def measured(kind: str, folder: str) -> dict[str, Any]:
    """Seconds, peak memory (MiB) and counts of one import."""
    from dgo_twin_plugin.importers import bgt
    from dgo_twin_plugin.importers._package import Request

    with tempfile.TemporaryDirectory(prefix="dgo-bench-") as out:
        started = time.perf_counter()
        done = bgt.run(Request([str(Path(folder) / f"bgt.{kind}")], Path(out) / "o.gpkg"))
        took = time.perf_counter() - started
        size = (Path(out) / "o.gpkg").stat().st_size
    peak = memory()
    return {"seconds": took, "memory": peak, "written": done.features, "bytes": size,
            "read": done.features + sum(done.left_out.values()), "m2": sum(done.area.values()),
            "met": took <= TARGETS[kind] and (peak is None or peak <= MEMORY)}  # fmt: skip


if __name__ == "__main__":
    word, where = sys.argv[1:3]
    print("BENCH " + json.dumps(make(where) if word == "make" else measured(word, where)),
          flush=True)  # fmt: skip
