"""A small run by hand: two zones, three indicators, one certain breach. Used by several tests.

Local metres, origin (150000, 450000). Zone 1 is the square (0,0)-(100,100), zone 2 the square
(100,0)-(200,100) beside it; buildings are 10 x 10 m.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from dgo_twin_plugin.store.record import Ground, PlaceSet, RunRecord

ORIGIN = (150000.0, 450000.0)
CRS = "EPSG:28992"
INDICATORS = ("open_water", "green", "traffic_noise")


def polygon(*points: tuple[float, float]) -> bytes:
    ring = [*points, points[0]]
    flat = [c for point in ring for c in point]
    return struct.pack("<BIII", 1, 3, 1, len(ring)) + struct.pack(f"<{len(flat)}d", *flat)


def square(x: float, y: float, size: float) -> bytes:
    return polygon((x, y), (x + size, y), (x + size, y + size), (x, y + size))


def point(x: float, y: float) -> bytes:
    return struct.pack("<BIdd", 1, 1, x, y)


def score(zone: int, indicator: str, mark: float | None, **more: Any) -> dict[str, Any]:
    theme = {"open_water": "water", "green": "green", "traffic_noise": "environment"}[indicator]
    code = {"open_water": "I04", "green": "I12", "traffic_noise": "I13"}[indicator]
    row: dict[str, Any] = {
        "zone_id": zone, "area_type": None if zone == 0 else "GT04", "indicator": indicator,
        "code": code, "part": "", "theme": theme, "value": 6.5, "unit": "%", "mark": mark,
        "status": "ok" if mark is not None else "not_assessed", "legal_check": "not_tested",
        "n_breach": 0, "coverage": 0.91, "assumed": 0.12, "proxy": False, "n_features": 2,
        "minimum": 5.0, "basis": 8.0, "optimum": 12.0, "norm_status": "proposal",
        "norm_confidence": "P", "norm_source": "proposal"}  # fmt: skip
    return {**row, **more}


def tables() -> dict[str, list[dict[str, Any]]]:
    scores = []
    for zone in (0, 1, 2):
        scores += [
            score(zone, "open_water", 7.2 if zone < 2 else 5.96,
                  status="ok" if zone < 2 else "below_minimum"),
            score(zone, "green", None, reason="geen invoer <b>", value=None),
            score(zone, "traffic_noise", 4.9 if zone < 2 else 8.0, n_breach=int(zone < 2),
                  status="legal_breach" if zone < 2 else "ok",
                  legal_check="exceeds" if zone < 2 else "complies", legal_limit=60.0, unit="dB")]
    totals = [{"zone_id": zone, "theme": theme, "mark": mark, "mark_low": 5.0, "mark_high": 7.5,
               "coverage": 0.91, "assumed": 0.12, "indicators": 2, "missing": 1,
               "n_breach": int(zone < 2)}
              for zone in (0, 1, 2)
              for theme, mark in (("total", 6.05 if zone < 2 else 6.98), ("water", 7.2),
                                  ("environment", 4.9))]
    return {
        "scores": scores,
        "score_parts": [score(1, "green", None, part="a"), score(1, "green", None, part="b")],
        "totals": totals,
        "zones": [
            {"zone_id": 1, "area_type": "GT04", "area_m2": 10000.0, "dwellings": 12.0,
             "fsi": 0.5, "wkb": square(0, 0, 100)},
            {"zone_id": 2, "area_type": "GT04", "area_m2": 10000.0, "wkb": square(100, 0, 100)}],
        "breaches": [
            {"zone_id": 1, "indicator": "traffic_noise", "object_fid": 1, "source_layer": "ontwerp",
             "source_kind": "road_provincial", "value": 63.0, "limit": 60.0,
             "legal_check": "exceeds", "text": "Grenswaarde overschreden",
             "wkb": square(10, 10, 10)},
            {"zone_id": 1, "indicator": "traffic_noise", "object_fid": 2, "source_layer": "ontwerp",
             "source_kind": "rail", "value": 50.0, "limit": 65.0, "legal_check": "complies",
             "text": "", "wkb": square(30, 10, 10)}],
        "alerts": [
            {"rule": "drinking_water", "severity": "important", "role": "drinking_water",
             "source_layer": "wingebied", "source_fid": 7, "design_fid": 1, "zone_id": 1,
             "area_m2": 250.0, "text": "Beschermingsgebied <script>", "wkb": square(5, 5, 20)},
            {"rule": "threshold", "severity": "normal", "zone_id": 2, "text": "Cijfer onder de 6"}],
        "checks": [
            {"code": "overlap", "severity": "low", "level": "feature", "layer": "ontwerp",
             "fid": 2, "title": "Overlap", "advice": "Teken opnieuw", "wkb": point(15, 15)},
            {"code": "unknown_function", "severity": "important", "level": "field",
             "layer": "ontwerp", "value": "Kasteel", "title": "Onbekende functie",
             "advice": "Voeg toe"}],
    }  # fmt: skip


def ground() -> Ground:
    """Four buildings: fids 11, 12 in zone 1; 13 in zone 2; 14 over both."""
    shapes = [square(10, 10, 10), square(30, 10, 10), square(120, 10, 10), square(95, 50, 10)]
    return Ground(["ontwerp"] * 4, [11, 12, 13, 14], lambda i: shapes[i])


def places() -> list[PlaceSet]:
    facade = [point(9.5, 15), point(20.5, 15)]
    return [
        PlaceSet("open_water", np.array([1, 1, 2, 1, 2]), np.array([1.0, 2.0, 3.0, 4.0, np.nan]),
                 np.array([6.0, 7.0, 8.0, 5.0, np.nan]), feature=np.array([0, 1, 2, 3, 3])),
        PlaceSet("green", np.array([1, 2]), np.array([20.0, 30.0]), np.array([5.0, 7.0])),
        PlaceSet("traffic_noise", np.array([1, 1]), np.array([63.0, 55.0]), np.array([2.0, 6.0]),
                 wkb=facade),
    ]


def record(scenario: str = "Variant B", **more: Any) -> RunRecord:
    return RunRecord(scenario=scenario, started="2026-11-21T10:00:00Z",
                     finished="2026-11-21T10:00:03Z", who="tester", versions={"plugin": "0.1"},
                     profile_id="utrecht-proposal-2026", profile_version="2026.1",
                     profile_hash="abc123", profile_title="Voorstel Utrecht", work_crs=CRS,
                     assessment_date="2026-11-21", notes=["2 niet-opgeslagen wijzigingen"],
                     inputs=[{"role": "design", "layer": "ontwerp", "features": 4,
                              "fingerprint": "sha256:0123"}],
                     parameters={"CELL_SIZE": 2.0}, plan_mark=6.05, coverage=0.91, breaches=1,
                     alerts=2, language="nl", **more)  # fmt: skip
