"""What a score rested on: fingerprints that change when an input changes."""

from __future__ import annotations

import hashlib

import numpy as np

from . import resources_path
from .scene import RasterContext, RawLayer


def fingerprint(layer: RawLayer) -> str:
    """SHA-256 over the geometries, feature ids and field values as they were read."""
    digest = hashlib.sha256()
    digest.update(np.asarray(layer.fid, np.int64).tobytes())
    for wkb in layer.wkb:
        digest.update(b"-" if wkb is None else wkb)
    for name in sorted(layer.columns):
        digest.update(name.encode())
        digest.update(repr(list(layer.columns[name])).encode())
    return digest.hexdigest()


def data_hashes() -> dict[str, str]:
    """SHA-256, 12 digits, of the data beside the profile that a score rests on: the constants of
    the models, the spreads of inputs, the rates and the typology."""
    folder = resources_path.profiles()
    groups = {
        "models": sorted((folder / "models").glob("*.yml")),
        "spreads": [folder / "spreads.yml"],
        "rates": [folder / "rates.yml"],
        "typology": [folder / "typology.yml"],
    }
    found = {}
    for name, files in groups.items():
        digest = hashlib.sha256()
        for file in files:
            # lines, not bytes: a checkout may end them in another way
            digest.update(file.name.encode())
            digest.update("\n".join(file.read_text(encoding="utf-8").splitlines()).encode())
        found[name] = digest.hexdigest()[:12]
    return found


def raster_fingerprint(raster: RasterContext) -> str:
    """SHA-256 over the window that was read: its place, cell size and values."""
    grid = raster.raster
    digest = hashlib.sha256(repr((grid.x0, grid.y0, grid.dx, grid.dy, grid.values.shape)).encode())
    digest.update(np.ascontiguousarray(grid.values).data)  # read with one kind of NaN only
    return digest.hexdigest()
