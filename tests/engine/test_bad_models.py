"""Bad input through the whole engine: never an error, never an impossible mark, always something
said. Every case spoils the same small town (:mod:`.town`) and assesses all thirty-three."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dgo_twin_plugin.engine.assessment import Assessment
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.roles import roles
from dgo_twin_plugin.engine.scene import NUMERIC_FIELDS
from dgo_twin_plugin.engine.words import INDICATORS, DgoError

from .factory import box as world_box
from .town import HIGH, SOUTH, WEST, WIDE, Town, box, faults, grid, line, point, sloping, town

NAN, INF = float("nan"), float("inf")
Spoil = Callable[[Town], None]


def assessed(spoil: Spoil) -> Assessment:
    """All indicators of the spoilt town. NumPy may not warn: a warning is a value nobody chose."""
    spoilt = town()
    spoil(spoilt)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        made = spoilt.assess()
    assert len({r.indicator for r in made.scores}) == len(INDICATORS)
    return made


def sound(spoil: Spoil) -> Assessment:
    made = assessed(spoil)
    assert not faults(made)
    return made


def codes(made: Assessment) -> set[str]:
    return {c.code for c in made.checks}


def row(made: Assessment, indicator: str, zone: int = 0) -> Any:
    return next(r for r in made.scores if r.indicator == indicator and r.zone_id == zone)


def every(role: str, **values: Any) -> Spoil:
    def spoil(t: Town) -> None:
        rows = t.context.get(role) or [(box(-200, -200, 400, 300), {})]
        t.context[role] = [(w, {**fields, **values}) for w, fields in rows]

    return spoil


def design(**values: Any) -> Spoil:
    def spoil(t: Town) -> None:
        for name in ("surfaces", "items"):
            rows = [(k, w, {**(v[0] if v else {}), **values}) for k, w, *v in getattr(t, name)]
            setattr(t, name, rows)

    return spoil


def without(*names: str) -> Spoil:
    def spoil(t: Town) -> None:
        t.surfaces = [(k, w, {a: b for a, b in (v[0] if v else {}).items() if a not in names})
                      for k, w, *v in t.surfaces]  # fmt: skip

    return spoil


def test_the_town_itself_is_sound() -> None:
    made = sound(lambda t: None)
    marked = {r.indicator for r in made.scores if r.mark is not None}
    assert set(INDICATORS) - marked == set()


# --- numbers that cannot be ---------------------------------------------------------------------
NUMBERS = [(role.name, f.name) for role in roles().values() for f in role.fields if f.numeric]


@pytest.mark.parametrize("role", sorted({r for r, _ in NUMBERS}))
@pytest.mark.parametrize("value", [-99.0, 1e12, NAN, INF, "veel", ""])
def test_numbers_of_a_role(role: str, value: Any) -> None:
    names = [f for r, f in NUMBERS if r == role]
    spoil = every(role, **{n: value for n in names if n != "fn_factor" or value != 1e12})
    made = sound(spoil)  # an FN factor has no upper end
    if value == 1e12 or value == "veel" or value == INF:
        said = {c.field for c in made.checks if c.code == "impossible_value"}
        assert set(names) - {"fn_factor"} <= said


@pytest.mark.parametrize("name", NUMERIC_FIELDS)
@pytest.mark.parametrize("value", [-5.0, 1e12, NAN, INF, "hoog"])
def test_numbers_of_the_design(name: str, value: Any) -> None:
    made = sound(design(**{name: value}))
    # a demand of below zero may be (BENG 2); a floor below NAP too
    if not (value == -5.0 and name in ("beng2", "floor_level")) and value == value:
        said = [c.field for c in made.checks if c.code == "impossible_value"]
        assert name in said


@pytest.mark.parametrize("role", [r.name for r in roles().values() if r.raster])
@pytest.mark.parametrize("value", [-9999.0, 3.4e38, INF, NAN])
def test_cells_of_a_map(role: str, value: float) -> None:
    def spoil(t: Town) -> None:
        old = t.rasters.get(role) or [grid(1.0)]
        t.rasters[role] = [(np.full_like(a, value), *rest) for a, *rest in old]

    made = sound(spoil)
    assert ("raster_impossible" in codes(made)) == (not math.isnan(value))


@pytest.mark.parametrize("role", [r.name for r in roles().values() if r.raster])
def test_a_map_with_undeclared_holes_counts_as_a_map_with_holes(role: str) -> None:
    def holes(value: float) -> Spoil:
        def spoil(t: Town) -> None:
            spoilt = []
            for a, *rest in t.rasters.get(role) or [grid(1.0)]:
                a = np.array(a, float)
                a[::3, ::2] = value
                spoilt.append((a, *rest))
            t.rasters[role] = spoilt

        return spoil

    said, silent = sound(holes(NAN)), sound(holes(-9999.0))
    for a, b in zip(said.scores, silent.scores):
        assert (a.value, a.mark, a.status) == (b.value, b.mark, b.status)


def test_an_undeclared_hole_is_no_silence() -> None:
    """-9999 dB was the best level of all."""
    def spoil(t: Town) -> None:
        t.context["noise_industry"] = []
        t.rasters["noise_industry"] = [grid(-9999.0)]

    assert row(sound(spoil), "industrial_noise").mark is None


# --- roads, rails, stops ------------------------------------------------------------------------
def test_roads_without_traffic_are_said_and_leave_the_maps() -> None:
    def spoil(t: Town) -> None:
        t.context["roads"] = [(w, {}) for w, _ in t.context["roads"]]
        t.rasters["noise_road"] = [grid(58.0)]

    made = sound(spoil)
    assert "road_no_traffic" in codes(made)
    assert row(made, "traffic_noise").value > 55


def test_no_traffic_at_all_has_a_reason() -> None:
    def spoil(t: Town) -> None:
        t.context["roads"] = [(w, {}) for w, _ in t.context["roads"]]
        t.context["railways"] = []

    assert row(sound(spoil), "traffic_noise").reason is not None


@pytest.mark.parametrize(
    "road",
    [
        line((82, 0), (82, 120)),  # through a building
        line((82, 56), (82, 76)),  # ends in one
        line((75, 75), (80, 76)),  # lies in one
        line((50, 50), (50, 50)),  # no length
        line(*[(x, 60 + x % 2) for x in range(200)]),  # 199 short parts
        "LINESTRING EMPTY",
        "LINESTRING(-1000000 456050,1000000 456050)",
        "MULTILINESTRING((136000 456050,136050 456050),(136060 456060,136090 456090))",
        "COMPOUNDCURVE(CIRCULARSTRING(136000 456050,136050 456070,136100 456050))",
        "LINESTRING ZM(136000 456050 1 2,136100 456050 2 3)",
        "GEOMETRYCOLLECTION(POINT(136050 456050),LINESTRING(136000 456000,136100 456100))",
    ],
)
@pytest.mark.parametrize("role", ["roads", "railways", "paths"])
def test_odd_lines(role: str, road: str) -> None:
    def spoil(t: Town) -> None:
        t.context[role].append((road, dict(t.context[role][0][1])))

    made = sound(spoil)
    assert row(made, "traffic_noise").value < 95


def test_islands_in_the_network_are_said() -> None:
    def spoil(t: Town) -> None:
        t.context["paths"] = [(line((10 * k, 54), (10 * k + 3, 54)), {}) for k in range(20)]
        t.context["roads"] = []

    assert "network_islands" in codes(sound(spoil))


@pytest.mark.parametrize("freq", [None, -4.0, 0.0, "vaak"])
def test_a_stop_without_frequency(freq: Any) -> None:
    made = sound(every("stops", freq=freq))
    found = row(made, "public_transport")
    assert found.mark in (None, 1.0) or found.value == 0.0
    if freq != 0.0:
        assert codes(made) & {"impossible_value", "stop_without_frequency"}


@pytest.mark.parametrize("role", ["roads", "railways", "trees", "parking", "generation"])
def test_exact_copies_count_once_and_are_said(role: str) -> None:
    def spoil(t: Town) -> None:
        t.context[role] = [x for x in t.context[role] for _ in (0, 1)]

    made, single = sound(spoil), sound(lambda t: None)
    assert "exact_copies" in codes(made)
    assert [r.value for r in made.scores] == [r.value for r in single.scores]


def test_two_unlike_features_on_one_place_both_count() -> None:
    def spoil(t: Town) -> None:
        (where, fields), *_ = t.context["parking"]
        t.context["parking"] = [(where, fields), (where, {**fields, "spaces": 31.0})]

    made, single = sound(spoil), sound(lambda t: None)
    assert "exact_copies" not in codes(made)
    assert row(made, "parking_pressure").value < row(single, "parking_pressure").value


def test_a_tree_drawn_twice_is_one_tree() -> None:
    def spoil(t: Town) -> None:
        t.items = [x for x in t.items for _ in (0, 1)]

    made, single = sound(spoil), sound(lambda t: None)
    assert [r.value for r in made.scores] == [r.value for r in single.scores]
    assert [r.value for r in made.parts] == [r.value for r in single.parts]


# --- buildings and trees ------------------------------------------------------------------------
def _trees(*trees: tuple[str, dict[str, Any]]) -> Spoil:
    def spoil(t: Town) -> None:
        t.items = [("tree", w, values) for w, values in trees]

    return spoil


BUILDINGS: dict[str, Spoil] = {
    "no height": without("height", "floors"),
    "no fields": lambda t: t.__dict__.update(
        surfaces=[(k, w) for k, w, *_ in t.surfaces], items=[(k, w) for k, w, *_ in t.items]),
    "flat": design(height=0.01, floors=0.1),
    "500 m": design(height=500.0),
    "all existing": design(existing=1),
    "no dwellings": design(dwellings=0.0),
    "none": lambda t: t.__dict__.update(
        surfaces=[s for s in t.surfaces if s[0] not in ("dwelling", "office", "education")]),
    "drawn twice": lambda t: t.__dict__.update(surfaces=[s for s in t.surfaces for _ in (0, 1)]),
    "half a metre": lambda t: t.surfaces.append(
        ("dwelling", box(20, 90, 20.5, 90.5), {"dwellings": 5.0})),
    "sliver": lambda t: t.surfaces.append(
        ("dwelling", box(20, 90, 20.001, 115), {"dwellings": 5.0})),
    "as a point": lambda t: t.surfaces.append(("dwelling", point(20, 90), {"dwellings": 5.0})),
    "courtyard": lambda t: t.surfaces.append((
        "dwelling", "POLYGON((136020 456090,136050 456090,136050 456115,136020 456115,136020 "
        "456090),(136025 456095,136045 456095,136045 456110,136025 456110,136025 456095))",
        {"dwellings": 5.0})),
    "deep floors": design(floor_level=-15.0),
    "trees inside": lambda t: t.items.extend(
        ("tree", point(x, 76), {"canopy_diameter": 10.0, "height": 12.0})
        for x in range(74, 92, 3)),
    "negative crowns": _trees((point(50, 50), {"canopy_diameter": -6.0, "height": -8.0})),
    "crown of 60 m": _trees((point(50, 50), {"canopy_diameter": 60.0, "height": 40.0})),
    "crowns as areas": _trees((box(10, 10, 60, 60), {}), (line((0, 0), (50, 50)), {})),
    "no wall": lambda t: t.items.extend([
        ("noise_barrier", line((0, 66), (200, 66)), {"height": -4.0}),
        ("noise_barrier", line((0, 66), (0, 66)), {"height": 3.0}),
        ("noise_barrier", point(0, 66), {})]),
    "every function": lambda t: t.__dict__.update(
        surfaces=[(n, box(5 * k, 0, 5 * k + 5, 60)) for k, n in enumerate(load_functions().names)]),
}  # fmt: skip


@pytest.mark.parametrize("case", BUILDINGS)
def test_odd_buildings_and_trees(case: str) -> None:
    sound(BUILDINGS[case])


@pytest.mark.parametrize("field", ["height", "floors"])
def test_buildings_without_height_are_assumed_and_said(field: str) -> None:
    made = sound(without("height", "floors"))
    assert "heat_heights_assumed" in codes(made)
    assert row(made, "traffic_noise").spread > row(sound(lambda t: None), "traffic_noise").spread


# --- terrain ------------------------------------------------------------------------------------
def _terrain(change: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    def spoil(t: Town) -> None:
        values, corner, cell = sloping()
        t.rasters["dtm"] = [(change(values.copy()), corner, cell)]

    return spoil


def _left_unknown(a: np.ndarray) -> np.ndarray:
    a[:, : a.shape[1] // 2] = np.nan
    return a


TERRAIN: dict[str, Spoil] = {
    "none": lambda t: t.rasters.pop("dtm") and None,
    "constant": _terrain(lambda a: a * 0 + 1.5),
    "all unknown": _terrain(lambda a: a * np.nan),
    "half": _terrain(_left_unknown),
    "noise": _terrain(lambda a: np.random.default_rng(1).normal(20, 9, a.shape)),
    "steep": _terrain(lambda a: a * 100),
    "one cell": lambda t: t.rasters.update(dtm=[(np.ones((1, 1)), (WEST, SOUTH), 0.5)]),
    "elsewhere": lambda t: t.rasters.update(dtm=[(np.ones((5, 5)), (0.0, 0.0), 10.0)]),
    "one huge cell": lambda t: t.rasters.update(
        dtm=[(np.ones((1, 1)), (WEST - 5000, SOUTH + 5000), 10_000.0)]),
    "surface below ground": lambda t: t.rasters.update(
        dsm=[(sloping()[0] - 15, *sloping()[1:])]),
}  # fmt: skip


@pytest.mark.parametrize("case", TERRAIN)
def test_odd_terrain(case: str) -> None:
    made = sound(TERRAIN[case])
    if case in ("none", "all unknown", "elsewhere"):
        found = row(made, "cloudburst")
        assert found.mark is None and found.reason is not None
    if case == "half":
        assert codes(made) & {"terrain_filled", "terrain_unknown", "raster_not_covering"}


# --- zones and plans ----------------------------------------------------------------------------
PLANS: dict[str, Spoil] = {
    "1 m2 zone": lambda t: t.__dict__.update(
        zones=[("GT04", box(74, 72, 75, 73)), ("GT01", box(100, 0, WIDE, HIGH))]),
    "1 m2 plan": lambda t: t.__dict__.update(plan=box(74, 72, 75, 73)),
    "no ground drawn": lambda t: t.__dict__.update(plan=box(1000, 1000, 1100, 1100)),
    "zones elsewhere": lambda t: t.__dict__.update(zones=[("GT04", box(5000, 0, 5100, 100))]),
    "no zones": lambda t: t.__dict__.update(zones=[]),
    "unknown type": lambda t: t.__dict__.update(zones=[("XX", box(0, 0, WIDE, HIGH))]),
    "all eleven": lambda t: t.__dict__.update(
        zones=[(f"GT{k + 1:02d}", box(18 * k, 0, 18 * k + 18, HIGH)) for k in range(11)]),
    "eleven, some without type": lambda t: t.__dict__.update(
        zones=[(f"GT{k + 1:02d}" if k % 3 else None, box(18 * k, 0, 18 * k + 18, HIGH))
               for k in range(11)]),
    "work, farm and nature": lambda t: t.__dict__.update(
        zones=[("GT09", box(0, 0, 60, HIGH)), ("GT10", box(60, 0, 120, HIGH)),
               ("GT11", box(120, 0, WIDE, HIGH))]),
    "overlapping": lambda t: t.zones.append(("GT03", box(50, 0, 150, HIGH))),
    "zones twice": lambda t: t.__dict__.update(zones=[z for z in t.zones for _ in (0, 1)]),
    "one dwelling": lambda t: t.__dict__.update(surfaces=t.surfaces[2:3], plan=None),
    "one lawn": lambda t: t.__dict__.update(surfaces=t.surfaces[9:10], plan=None, current=[]),
    "all water": lambda t: t.__dict__.update(surfaces=[("water", box(0, 0, WIDE, HIGH))],
                                             plan=None, current=[]),
    "nothing given": lambda t: t.__dict__.update(context={}, rasters={}, items=[]),
    "all layers empty": lambda t: t.__dict__.update(
        context={name: [] for name in roles()}, rasters={}),
    "only the current situation": lambda t: t.__dict__.update(
        current=t.surfaces, surfaces=[]),
    "no current situation": lambda t: t.__dict__.update(current=[]),
    "methods: model": lambda t: t.__dict__.update(methods={"all": "model"}),
    "methods: map": lambda t: t.__dict__.update(methods={"all": "map"}),
    "model of nothing": lambda t: t.__dict__.update(
        methods={"all": "model"}, context={}, rasters={}),
    "map of nothing": lambda t: t.__dict__.update(
        methods={"all": "map"}, context={}, rasters={}),
    "1,000 km away": lambda t: t.__dict__.update(t.shifted(1e6, 1e6).__dict__),
    "around zero": lambda t: t.__dict__.update(
        t.shifted(-WEST - WIDE / 2, -SOUTH - HIGH / 2).__dict__),
}  # fmt: skip


@pytest.mark.parametrize("case", PLANS)
def test_odd_plans(case: str) -> None:
    made = sound(PLANS[case])
    for zone in range(made.scene.n_zones + 1):
        assert len([r for r in made.scores if r.zone_id == zone]) == len(INDICATORS)


def test_a_plan_of_a_square_centimetre_is_refused_in_words() -> None:
    spoilt = town()
    spoilt.plan = box(74, 72, 74.01, 72.01)
    with pytest.raises(DgoError):
        spoilt.assess()


# --- geometry of context ------------------------------------------------------------------------
GEOMETRIES = (
    "POINT EMPTY",
    "POLYGON EMPTY",
    "POINT ZM(136050 456050 3 4)",
    "POLYGON Z((136000 456000 1,136100 456000 1,136100 456100 1,136000 456100 1,136000 456000 1))",
    "POLYGON((136000 456000,136100 456100,136100 456000,136000 456100,136000 456000))",
    "POLYGON((136000 456000,136100 456000,136000 456000,136000 456000))",
    "MULTIPOINT((136050 456050),(136060 456060))",
    "MULTIPOLYGON(((136000 456000,136050 456000,136050 456050,136000 456050,136000 456000)),"
    "((136060 456060,136090 456060,136090 456090,136060 456090,136060 456060)))",
    "CURVEPOLYGON(CIRCULARSTRING(136000 456050,136050 456100,136100 456050,136050 456000,"
    "136000 456050))",
    "GEOMETRYCOLLECTION(POINT(136050 456050),LINESTRING(136000 456000,136100 456100))",
    "POINT(0 0)",
    "LINESTRING(136000 456000,136000 456000)",
)


@pytest.mark.parametrize("wkt", GEOMETRIES)
def test_odd_geometry_in_every_role_at_once(wkt: str) -> None:
    def spoil(t: Town) -> None:
        for rows in t.context.values():
            rows.append((wkt, dict(rows[0][1])))

    sound(spoil)


def test_z_and_m_change_nothing() -> None:
    def spoil(t: Town) -> None:
        t.surfaces = [(k, _with_z(w), *rest) for k, w, *rest in t.surfaces]
        t.zones = [(k, _with_z(w)) for k, w in t.zones]
        t.items = [(k, _with_z(w), *rest) for k, w, *rest in t.items]

    made, flat = sound(spoil), sound(lambda t: None)
    assert [r.value for r in made.scores] == [r.value for r in flat.scores]


def _with_z(wkt: str) -> str:
    import re

    return re.sub(r"(-?\d+\.?\d*) (-?\d+\.?\d*)", r"\1 \2 7",
                  wkt.replace("POLYGON", "POLYGON Z").replace("POINT", "POINT Z"))  # fmt: skip


# --- anything at once ---------------------------------------------------------------------------
def test_any_mixture_of_faults() -> None:
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    value = st.sampled_from([-9999.0, -1.0, 0.0, 0.5, 7.0, 1e5, 1e12, NAN, INF, None, "x", "3,5"])
    spoilt_roles = st.dictionaries(st.sampled_from(NUMBERS), value, max_size=6)
    spoilt_design = st.dictionaries(st.sampled_from(NUMERIC_FIELDS), value, max_size=4)
    cases = st.sampled_from([*BUILDINGS.values(), *TERRAIN.values()])
    plans = st.sampled_from([p for name, p in PLANS.items() if name not in ("1 m2 plan",)])
    lost = st.sets(st.sampled_from(sorted([*town().context, *town().rasters])), max_size=4)

    @hypothesis.settings(max_examples=25, deadline=None,
                         suppress_health_check=list(hypothesis.HealthCheck))  # fmt: skip
    @hypothesis.given(spoilt_roles, spoilt_design, cases, plans, lost)
    def run(numbers: dict, fields: dict, case: Spoil, plan: Spoil, gone: set[str]) -> None:
        def spoil(t: Town) -> None:
            case(t)
            design(**fields)(t)
            for (role, name), number in numbers.items():
                every(role, **{name: number})(t)
            for role in gone:
                t.context.pop(role, None)
                t.rasters.pop(role, None)
            plan(t)

        sound(spoil)

    run()


def test_the_box_of_the_factory_is_in_the_world() -> None:
    assert box(0, 0, 1, 1) == world_box(WEST, SOUTH, WEST + 1, SOUTH + 1)
