"""What the writer is handed: the record of the run, and its places as columns."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def new_run_id() -> str:
    """A fresh run id."""
    return str(uuid.uuid4())


@dataclass
class RunRecord:
    """One row of ``runs``. Times are ISO 8601 in UTC; ``versions``, ``inputs``, ``notes``,
    ``parameters`` and ``indicators`` are kept as JSON."""

    run_id: str = field(default_factory=new_run_id)
    scenario: str = ""
    started: str = ""
    finished: str = ""
    who: str = ""
    versions: dict[str, str] = field(default_factory=dict)  # plugin, qgis, gdal, numpy ...
    profile_id: str = ""
    profile_version: str = ""
    profile_hash: str = ""
    profile_title: str = ""
    profile_status: str = "proposal"
    adopted_by: str = ""
    adopted_on: str = ""
    assessment_date: str = ""
    work_crs: str = ""  # authid or WKT of the work plane
    inputs: list[dict[str, Any]] = field(default_factory=list)  # role, layer, fingerprint ...
    notes: list[str] = field(default_factory=list)  # unsaved edits, selection, filters
    parameters: dict[str, Any] = field(default_factory=dict)
    plan_mark: float | None = None
    coverage: float | None = None
    breaches: int = 0
    alerts: int = 0
    language: str = ""  # of the sentences in the file
    indicators: list[str] = field(default_factory=list)  # assessed in this run


@dataclass
class Ground:
    """Geometry that the places of several indicators share: the rows of ``scene.surfaces``.

    ``wkb(i)`` gives the local WKB of a row; ``layer`` and ``fid`` are (n,) arrays.
    """

    layer: Sequence[Any] | np.ndarray
    fid: Sequence[int] | np.ndarray
    wkb: Callable[[int], bytes | None]


@dataclass
class PlaceSet:
    """Where one indicator (or one part of it) was measured; arrays (k,).

    ``feature`` points into :class:`Ground` (-1: none). Where ``wkb`` is given it is what is drawn,
    and the feature only says which object the place belongs to; else the feature's ground is
    drawn, else the polygon of the zone. Sets that hand over the same ``wkb`` list object for the
    same features and zones share the stored geometry.
    """

    indicator: str
    zone: np.ndarray
    value: np.ndarray
    mark: np.ndarray
    part: str = ""
    feature: np.ndarray | None = None
    assumed: np.ndarray | None = None
    wkb: list[bytes] | None = None  # local metres
