"""The scene: plan, zones, order on the ground, gaps filled visibly."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.density import zone_stats
from dgo_twin_plugin.engine.people import people_of
from dgo_twin_plugin.engine.words import DgoError

from .factory import box, raw, scene, wkb

PLAN = [("grass", box(0, 0, 100, 100))]


def codes(made) -> list[str]:
    return [c.code for c in made.checks]


def test_zones_are_connected_parts_numbered_by_type_and_place() -> None:
    # GT04 in two parts, GT03 between them, given in another order
    made = scene(
        zones=[
            ("GT04", box(70, 0, 100, 100)),
            ("GT04", box(0, 0, 30, 100)),
            ("GT03", box(30, 0, 70, 100)),
        ],
        surfaces=PLAN,
    )
    assert made.zones.area_type.tolist() == ["GT03", "GT04", "GT04"]
    assert made.zones.area.tolist() == pytest.approx([4000, 3000, 3000])
    west = made.zones.polygons.centroids()[1, 0]
    assert west < made.zones.polygons.centroids()[2, 0]


def test_touching_polygons_of_one_type_are_one_zone_and_doubles_count_once() -> None:
    made = scene(
        zones=[
            ("GT04", box(0, 0, 50, 100)),
            ("GT04", box(50, 0, 100, 100)),
            ("GT04", box(50, 0, 100, 100)),
        ],
        surfaces=PLAN,
    )
    assert made.zones.area.tolist() == pytest.approx([10000])
    assert "duplicate_area_type" in codes(made)


def test_smaller_polygon_wins_an_overlap_of_types() -> None:
    made = scene(
        zones=[("GT03", box(0, 0, 100, 100)), ("GT01", box(40, 40, 60, 60))], surfaces=PLAN
    )
    assert dict(zip(made.zones.area_type, made.zones.area)) == {
        "GT01": pytest.approx(400),
        "GT03": pytest.approx(9600),
    }
    assert "overlapping_area_types" in codes(made)


def test_ground_outside_all_types_is_a_zone_without_type() -> None:
    made = scene(
        zones=[("GT03", box(0, 0, 60, 100)), ("nonsense", box(60, 0, 100, 100))], surfaces=PLAN
    )
    assert made.zones.area_type.tolist() == ["GT03", None]
    assert made.zones.area.tolist() == pytest.approx([6000, 4000])
    assert {"plan_outside_area_types", "unknown_area_type"} <= set(codes(made))


def test_order_on_the_ground() -> None:
    # grass 100 x 100; a road 10 wide across (1000 m2); a house 20 x 20 half on the road
    made = scene(
        zones=[("GT04", box(0, 0, 100, 100))],
        surfaces=[*PLAN, ("road", box(0, 45, 100, 55)), ("dwelling", box(10, 50, 30, 70))],
    )
    area = dict(zip(made.surfaces.function, made.surfaces.area))
    assert area["dwelling"] == pytest.approx(400)
    assert area["road"] == pytest.approx(1000 - 20 * 5)
    assert area["grass"] == pytest.approx(10000 - 1000 - 20 * 15)
    assert made.cut.area.sum() == pytest.approx(10000)
    overlaps = {c.fid: c.params["area"] for c in made.checks if c.code == "overlap"}
    assert overlaps == {1: pytest.approx(1300), 2: pytest.approx(100)}


def test_the_design_replaces_the_current_situation() -> None:
    made = scene(
        zones=[("GT04", box(0, 0, 100, 100))],
        surfaces=[("grass", box(0, 0, 50, 100))],
        current=[("office", box(40, 0, 60, 100))],
        plan=box(0, 0, 100, 100),
    )
    area = dict(zip(made.surfaces.function, made.surfaces.area))
    assert area == {"grass": pytest.approx(5000), "office": pytest.approx(1000)}
    assert "overlap" not in codes(made)  # replacing is what a design does
    assert made.surfaces.fields["existing"].tolist() == [0.0, 1.0]


def test_current_situation_alone_is_scored_over_the_area_type_map() -> None:
    made = scene(zones=[("GT04", box(0, 0, 100, 100))], current=[("grass", box(-50, 0, 60, 100))])
    assert made.zones.area.tolist() == pytest.approx([10000])
    assert made.cut.area.tolist() == pytest.approx([6000])


def test_holes_of_the_design_belong_to_the_plan() -> None:
    ring = "POLYGON((0 0,100 0,100 100,0 100,0 0),(40 40,60 40,60 60,40 60,40 40))"
    made = scene(zones=[("GT04", box(0, 0, 200, 200))], surfaces=[("grass", ring)])
    assert made.zones.area.tolist() == pytest.approx([10000])
    assert made.cut.area.tolist() == pytest.approx([9600])


def test_unknown_words_and_impossible_values_are_said_once_with_a_count() -> None:
    made = scene(
        zones=[("GT04", box(0, 0, 100, 100))],
        surfaces=[
            *PLAN,
            ("zwembad", box(0, 0, 1, 1)),
            ("zwembad", box(2, 2, 3, 3)),
            ("dwelling", box(10, 10, 20, 20), {"pv": 7, "height": "hoog"}),
        ],
    )
    found = {
        (c.code, c.value): c.params["count"]
        for c in made.checks
        if c.params and "count" in c.params
    }
    assert found[("unknown_function", "zwembad")] == 2
    assert found[("impossible_value", "7")] == 1
    assert found[("impossible_value", "hoog")] == 1
    house = int(np.flatnonzero(made.surfaces.function == "dwelling")[0])
    assert made.surfaces.fields["pv"][house] == 0.0 and made.surfaces.assumed["pv"][house]


def test_gaps_are_filled_by_type_and_counted() -> None:
    # GT03: 3.75 floors, flat roof (typology.yml) -> height 3 x 3.75 = 11.25, gfa 100 x 3.75 = 375
    made = scene(
        zones=[("GT03", box(0, 0, 100, 100))],
        surfaces=[("dwelling", box(0, 0, 10, 10)), ("dwelling", box(20, 0, 30, 10), {"floors": 2})],
    )
    f, a = made.surfaces.fields, made.surfaces.assumed
    assert f["floors"].tolist() == [3.75, 2.0] and a["floors"].tolist() == [True, False]
    assert f["height"].tolist() == [11.25, 6.0] and a["height"].tolist() == [True, True]
    assert f["gfa"].tolist() == [375.0, 200.0] and a["gfa"].tolist() == [True, False]
    # minimum of I07 in GT03 is 60 %
    assert f["disconnected"].tolist() == [0.6, 0.6] and a["disconnected"].all()


def test_people_and_densities() -> None:
    # a home of 220 m2 floor -> 2 dwellings, 4.2 persons; an office of 300 m2 -> 10 jobs
    made = scene(
        zones=[("GT03", box(0, 0, 50, 100)), ("GT04", box(50, 0, 100, 100))],
        surfaces=[
            *PLAN,
            ("dwelling", box(45, 0, 55, 11), {"floors": 2}),
            ("office", box(10, 50, 20, 60), {"gfa": 300}),
        ],
    )
    people = people_of(made)
    assert people.dwellings.tolist() == pytest.approx([0, 2, 0])
    assert people.persons.tolist() == pytest.approx([0, 4.2, 10])
    stats = zone_stats(made)
    # the home stands half in either zone: 110 m2 floor, 55 m2 ground each
    assert stats.dwellings.tolist() == pytest.approx([2, 1, 1])
    assert stats.fsi.tolist() == pytest.approx([520 / 10000, 410 / 5000, 110 / 5000])
    assert stats.gsi.tolist() == pytest.approx([210 / 10000, 155 / 5000, 55 / 5000])
    assert stats.mxi.tolist() == pytest.approx([220 / 520, 110 / 410, 1.0])


def test_zone_flag_from_the_map() -> None:
    import datetime

    from dgo_twin_plugin.engine.build import Sources, build_scene
    from dgo_twin_plugin.engine.functions import load_functions

    from .factory import DATE, profile

    made = build_scene(
        Sources(
            design=[raw("d", [(box(0, 0, 100, 100), {"function": "grass"})])],
            area_types=[
                raw(
                    "t",
                    [
                        (box(0, 0, 50, 100), {"type": "GT04", "high_sandy_ground": "ja"}),
                        (box(50, 0, 100, 100), {"type": "GT03", "high_sandy_ground": None}),
                    ],
                    {"type": "type"},
                )
            ],
        ),
        profile(),
        load_functions(),
        datetime.date.fromisoformat(DATE),
    )
    assert dict(zip(made.zones.area_type, made.zones.flags["high_sandy_ground"])) == {
        "GT03": False,
        "GT04": True,
    }


def test_nothing_to_score_is_a_sentence() -> None:
    with pytest.raises(DgoError) as error:
        scene(zones=[("GT04", box(0, 0, 1, 1))], surfaces=[("zwembad", box(0, 0, 1, 1))])
    assert error.value.message.key == "problems.nothing_to_score"


def test_bow_ties_lines_and_empties_do_not_stop_a_run() -> None:
    made = scene(
        zones=[("GT04", box(0, 0, 100, 100))],
        surfaces=[
            *PLAN,
            ("water", "POLYGON((0 0,10 10,10 0,0 10,0 0))"),
            ("road", "LINESTRING(0 0,100 0)"),
            ("water", "POINT(1 1)"),
            ("water", "POLYGON EMPTY"),
        ],
    )
    area = dict(zip(made.surfaces.function, made.surfaces.area))
    assert area["water"] == pytest.approx(50.0)
    assert made.items.function.tolist() == ["road"]  # a drawn line: part of the network
    assert {"repaired_geometry", "wrong_geometry_type"} <= set(codes(made))


def test_the_same_far_from_the_origin() -> None:
    def shifted(dx: float, dy: float):
        return scene(
            zones=[("GT04", box(dx, dy, dx + 100, dy + 100))],
            surfaces=[
                ("grass", box(dx, dy, dx + 100, dy + 100)),
                ("dwelling", box(dx + 10.1, dy + 10.1, dx + 20.3, dy + 20.3)),
            ],
        )

    near, far = shifted(0, 0), shifted(147_000, 459_000)
    assert np.abs(near.cut.area - far.cut.area).max() < 1e-6


def test_three_dimensions_and_arcs_are_read() -> None:
    from dgo_twin_plugin.engine.geometry import Polygons

    # a full circle of radius 10 as an arc: 314.16 m2, a little less as chords
    arc = wkb("CURVEPOLYGON(CIRCULARSTRING(0 0,20 0,0 0))")
    z = wkb("POLYGON Z((0 0 1,10 0 1,10 10 1,0 10 1,0 0 1))")
    made = Polygons.from_wkb([arc, z])
    assert made.area()[1] == pytest.approx(100.0)
    assert made.area()[0] == pytest.approx(np.pi * 100, rel=2e-3)


def test_half_a_demolished_building_keeps_half_its_dwellings() -> None:
    # 10 dwellings now on 20 x 10 m; the design's grass takes 15 x 10 of it: a quarter is left
    made = scene(
        zones=[("GT04", box(0, 0, 100, 100))],
        surfaces=[("grass", box(0, 0, 15, 10))],
        current=[("dwelling", box(0, 0, 20, 10), {"dwellings": 10})],
        plan=box(0, 0, 100, 100),
    )
    assert zone_stats(made).dwellings[0] == pytest.approx(2.5)
