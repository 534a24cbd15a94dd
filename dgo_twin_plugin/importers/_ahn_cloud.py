"""Point clouds (LAS, LAZ) to rasters, by PDAL where it is installed.

PDAL is no part of QGIS: its program ``pdal`` or its Python package is used where one is found,
otherwise a sentence says what to install. Surface: highest point per cell without noise classes;
terrain: points classified as ground, inverse distance.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..engine.pulse import beat
from ..engine.words import DgoError
from ._ahn_grid import NODATA
from ._plane import Box

SUFFIXES = (".las", ".laz")
Runner = Callable[[list[str], Path], int]  # command and file for its messages -> exit code


def pipeline(clouds: list[Path], box: Box, cell: float, target: Path, keep: str,
             kind: str) -> dict[str, Any]:  # fmt: skip
    """The PDAL pipeline: tiles read and cut to the box, classes kept, one raster written."""
    x0, y0, x1, y1 = box
    return {"pipeline": [
        *[{"type": "readers.las", "filename": str(p)} for p in clouds],
        {"type": "filters.merge"},
        {"type": "filters.crop", "bounds": f"([{x0},{x1}],[{y0},{y1}])"},
        {"type": "filters.range", "limits": keep},
        {"type": "writers.gdal", "filename": str(target), "resolution": cell,
         "output_type": kind, "data_type": "float32", "nodata": NODATA, "gdaldriver": "GTiff",
         "bounds": f"([{x0},{x1}],[{y0},{y1}])"},
    ]}  # fmt: skip


def limits(keep: list[int], drop: list[int]) -> str:
    """``filters.range``: ranges of one dimension are alternatives, negated ones all hold."""
    if keep:
        return ",".join(f"Classification[{k}:{k}]" for k in keep)
    return ",".join(f"Classification![{k}:{k}]" for k in drop) or "Classification[0:255]"


def run_program(command: list[str], log: Path) -> int:
    """Run a program that can be stopped; what it says goes into ``log``."""
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            while child.poll() is None:
                beat()
                time.sleep(0.05)
        except BaseException:
            child.kill()
            child.wait()
            raise
    return int(child.returncode)


def rasters(clouds: list[Path], box: Box | None, cell: float, noise: list[int], ground: list[int],
            folder: Path, run: Runner = run_program) -> tuple[Path, Path]:  # fmt: skip
    """Surface and terrain of point clouds, in ``folder``. Raises DgoError where there is no PDAL,
    no area, or PDAL fails."""
    program = shutil.which("pdal")
    package = importlib.util.find_spec("pdal") is not None
    if program is None and not package:
        raise DgoError("errors.import.ahn_no_pdal", path=str(clouds[0]))
    if box is None:
        raise DgoError("errors.import.ahn_cloud_area", path=str(clouds[0]))
    made = []
    for name, keep, kind in (("surface", limits([], noise), "max"),
                             ("terrain", limits(ground, []), "idw")):  # fmt: skip
        target, log = folder / f"{name}.tif", folder / f"{name}.log"
        steps = pipeline(clouds, box, cell, target, keep, kind)
        if program is not None:
            plan = folder / f"{name}.json"
            plan.write_text(json.dumps(steps), encoding="utf-8")
            code = run([program, "pipeline", str(plan)], log)
        else:
            code = _by_package(steps, log)
        if code != 0 or not target.is_file():
            said = log.read_text("utf-8", "replace").strip() if log.is_file() else ""
            last = said.splitlines()[-1] if said else str(code)
            raise DgoError("errors.import.ahn_pdal", path=str(clouds[0]), why=last[:200])
        made.append(target)
    return made[0], made[1]


def _by_package(steps: dict[str, Any], log: Path) -> int:
    pdal = importlib.import_module("pdal")
    try:
        pdal.Pipeline(json.dumps(steps)).execute()
    except RuntimeError as error:
        log.write_text(str(error), encoding="utf-8")
        return 1
    return 0
