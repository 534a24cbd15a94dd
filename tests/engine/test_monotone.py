"""More of a cause never gives less of its effect: whole values of indicators over a small town."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .town import Town, box, line, point, town

Change = Callable[[Town, Any], None]


def _surfaces(kinds: Sequence[str], **fields: Any) -> Callable[[Town], None]:
    def change(t: Town) -> None:
        for name in ("surfaces", "current"):
            rows = [(k, w, {**(v[0] if v else {}), **(fields if not kinds or k in kinds else {})})
                    for k, w, *v in getattr(t, name)]  # fmt: skip
            setattr(t, name, rows)

    return change


def design(kinds: Sequence[str], field: str) -> Change:
    return lambda t, x: _surfaces(kinds, **{field: x})(t)


def role(name: str, field: str) -> Change:
    def change(t: Town, x: Any) -> None:
        t.context[name] = [(w, {**v, field: x}) for w, v in t.context[name]]

    return change


def items(kind: str, field: str) -> Change:
    def change(t: Town, x: Any) -> None:
        t.items = [(k, w, {**v, field: x} if k == kind else v) for k, w, v in t.items]

    return change


def raster(name: str) -> Change:
    def change(t: Town, x: Any) -> None:
        t.rasters[name] = [(a * 0 + x, *rest) for a, *rest in t.rasters[name]]

    return change


def screen(t: Town, height: float) -> None:
    if height:
        t.items.append(("noise_barrier", line((-200, 51), (400, 51)), {"height": height}))


def block(t: Town, height: float) -> None:
    """A block along the road that hides what lies behind it."""
    rows = [r for r in t.surfaces if r[0] not in ("parking",)]
    t.surfaces = [*rows, ("office", box(-0.5, 84.0, 0.0, 84.5), {"height": height})]
    t.items.append(("noise_barrier", line((0, 51.5), (200, 51.5)), {"height": height}))


def only_trees(t: Town, n: int) -> None:
    t.items, t.context["trees"] = [], []
    more_trees(t, n)


def more_trees(t: Town, n: int) -> None:
    t.items += [("tree", point(3 + (7 * k) % 194, 30 + (13 * k) % 80),
                 {"canopy_diameter": 6.0, "height": 8.0}) for k in range(n)]  # fmt: skip


def some(name: str, fields: dict[str, Any]) -> Change:
    def change(t: Town, n: int) -> None:
        t.surfaces = [row for row in t.surfaces if row[0] not in ("play", "education")]
        t.context[name] = [(point(20 * k, 56), dict(fields)) for k in range(n)]

    return change


UP, DOWN = 1.0, -1.0
FLOWS = (0.0, 100.0, 1000.0, 6000.0, 20_000.0, 100_000.0)
SPEEDS = (30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 130.0)
PARTS = (0.0, 0.3, 0.7, 1.0)
VOLUMES = (0.0, 5.0, 20.0, 100.0, 500.0)
CASES: list[tuple[str, str, str, Change, Sequence[Any], float]] = [
    ("traffic is loud", "traffic_noise", "", role("roads", "intensity"), FLOWS, UP),
    ("lorries are loud", "traffic_noise", "", role("roads", "heavy"), (0.0, 2.0, 10.0, 40.0), UP),
    ("speed is loud", "traffic_noise", "", role("roads", "speed"), SPEEDS, UP),
    ("trains are loud", "traffic_noise", "", role("railways", "day"), (0.0, 2.0, 8.0, 40.0), UP),
    ("a screen hides", "traffic_noise", "", screen, (0.0, 0.5, 1.0, 2.0, 4.0, 8.0), DOWN),
    ("a block hides", "traffic_noise", "", block, (1.0, 3.0, 9.0, 20.0), DOWN),
    ("quiet roads are healthy", "healthy_environment", "noise", role("roads", "intensity"),
     FLOWS[:4], DOWN),
    ("traffic is dirty", "air_quality", "no2", role("roads", "intensity"), FLOWS, UP),
    ("lorries are dirty", "air_quality", "no2", role("roads", "heavy"), (0.0, 2.0, 10.0, 40.0), UP),
    ("jams are dirty", "air_quality", "pm10", role("roads", "congestion"), PARTS, UP),
    ("ozone makes NO2", "air_quality", "no2", raster("o3"), (0.0, 20.0, 60.0), UP),
    ("clean air is healthy", "healthy_environment", "air", raster("no2"), (0.0, 8.0, 20.0), DOWN),
    ("trees give shade", "shade", "", more_trees, (0, 5, 20, 60), UP),
    ("trees give canopy", "canopy", "", more_trees, (0, 5, 20, 60), UP),
    ("trees are seen", "trees_visible", "", only_trees, (0, 5, 20, 60), UP),
    ("trees give points", "nature_inclusive", "", more_trees, (0, 5, 20, 60), UP),
    ("wide crowns give shade", "shade", "", items("tree", "canopy_diameter"),
     (1.0, 3.0, 6.0, 9.0, 15.0), UP),
    ("wide crowns are canopy", "canopy", "", items("tree", "canopy_diameter"),
     (1.0, 3.0, 6.0, 9.0, 15.0), UP),
    ("storage keeps streets dry", "cloudburst", "street_volume", design(("road",), "storage"),
     VOLUMES, DOWN),
    ("swales keep rain", "rain_retention", "", design(("swale",), "storage"), VOLUMES, UP),
    ("swales infiltrate", "drought", "", design(("swale",), "storage"), VOLUMES, UP),
    ("sewers drain", "cloudburst", "street_volume", role("sewer", "capacity"),
     (0.0, 10.0, 20.0, 60.0), DOWN),
    ("sand drains", "cloudburst", "street_volume", role("infiltration", "k"),
     (0.01, 0.1, 0.5, 2.0, 10.0), DOWN),
    ("sand infiltrates", "drought", "", role("infiltration", "k"), (0.01, 0.1, 0.5, 2.0, 10.0), UP),
    ("high groundwater takes storage", "rain_retention", "", raster("groundwater"),
     (0.0, 0.3, 0.7, 1.5, 5.0), UP),
    ("high groundwater stops infiltration", "drought", "", raster("groundwater"),
     (0.0, 0.3, 0.7, 1.5, 5.0), UP),
    ("disconnecting infiltrates", "drought", "", design((), "disconnected"), PARTS, UP),
    ("disconnecting counts", "stormwater_disconnection", "", design((), "disconnected"), PARTS, UP),
    ("houses park", "parking_pressure", "", design(("dwelling",), "dwellings"),
     (1.0, 5.0, 20.0, 100.0), UP),
    ("spaces relieve", "parking_pressure", "", role("parking", "spaces"),
     (1.0, 10.0, 30.0, 100.0), DOWN),
    ("panels generate", "renewable_generation", "", design(("dwelling",), "pv"), PARTS, UP),
    ("green roofs are green", "green", "a", design(("dwelling", "office"), "green_roof"),
     PARTS, UP),
    ("buses come", "public_transport", "", role("stops", "freq"), (0.5, 1.0, 4.0, 12.0), UP),
    ("lamps shine", "light_nuisance", "", items("luminaire", "luminous_intensity"),
     (0.0, 100.0, 900.0, 5000.0), UP),
    ("shops are near", "services_access", "", some("facilities", {"kind": "supermarkt"}),
     (0, 2, 8), UP),
    ("play is near", "play_access", "", some("play_spots", {"kind": "0-12"}), (0, 2, 8), UP),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].replace(" ", "-"))
def test_more_never_gives_less(case: tuple[str, str, str, Change, Sequence[Any], float]) -> None:
    _, indicator, part, change, steps, sign = case
    found: list[dict[int, float]] = []
    for step in steps:
        made = town()
        change(made, step)
        found.append({zone: value for (_, name, zone), value in made.values([indicator]).items()
                      if name == part})  # fmt: skip
    assert all(found), "the part is measured at every step"
    for before, after in zip(found, found[1:]):
        for zone in set(before) & set(after):
            assert sign * (after[zone] - before[zone]) >= -1e-6, (zone, found)
    first, last = found[0], found[-1]
    assert any(sign * (last[z] - first[z]) > 0 for z in first), "the cause has an effect"
