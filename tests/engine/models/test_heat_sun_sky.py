"""Sun, shadows and sky view: against published positions and figures that geometry gives."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.heat.march import HERE, Solid, by_bands, towards
from dgo_twin_plugin.engine.models.heat.shade import CROWN, LIT, SOLID, shadow
from dgo_twin_plugin.engine.models.heat.sky import compass, sky_view
from dgo_twin_plugin.engine.models.heat.sun import Sun, declination, highest, position

UTC = datetime.timezone.utc
CELL = 2.0


def zone(hours: int) -> datetime.timezone:
    return datetime.timezone(datetime.timedelta(hours=hours))


# ------------------------------------------------------------------------------------------ sun
def test_published_example_of_the_solar_position_algorithm():
    # Reda and Andreas 2004 (NREL SPA), appendix: 17 October 2003 12:30:30 at UTC-7, 39.742476 N
    # 105.1786 W: elevation without refraction 39.872046, azimuth 194.340241
    moment = datetime.datetime(2003, 10, 17, 12, 30, 30, tzinfo=zone(-7))
    sun = position(moment, 39.742476, -105.1786)
    assert sun.altitude == pytest.approx(39.872046, abs=0.0167)
    assert sun.azimuth == pytest.approx(194.340241, abs=0.0167)


def test_figure_of_the_noaa_calculator():
    # 20 March 2020, 12:00 at UTC-6, 39.833 N 98.583 W: elevation 49.29 (with refraction, here
    # 0.014) and azimuth 163.95
    sun = position(datetime.datetime(2020, 3, 20, 12, tzinfo=zone(-6)), 39.833, -98.583)
    assert sun.altitude == pytest.approx(49.29, abs=0.04)
    assert sun.azimuth == pytest.approx(163.95, abs=0.04)


def test_highest_sun_of_midsummer():
    # 90 - latitude + obliquity 23.437
    for latitude in (51.0, 52.0, 52.1, 53.5):
        sun = highest(datetime.date(2015, 6, 21), latitude, 5.2)
        assert sun.altitude == pytest.approx(90 - latitude + 23.437, abs=0.02)
        assert sun.azimuth == pytest.approx(180, abs=0.1)


def test_time_zone_and_naive_utc_are_one():
    summer = position(datetime.datetime(2015, 7, 1, 14, tzinfo=zone(2)), 52.1, 5.2)
    assert summer == position(datetime.datetime(2015, 7, 1, 12), 52.1, 5.2)
    assert summer == position(datetime.datetime(2015, 7, 1, 12, tzinfo=UTC), 52.1, 5.2)


def test_equation_of_time_and_declination_of_the_almanac():
    # almanac: about +16.4 min on 3 November, -14.2 min on 11 February; declination 0 at the equinox
    assert declination(datetime.datetime(2015, 11, 3, 12))[1] == pytest.approx(16.4, abs=0.1)
    assert declination(datetime.datetime(2015, 2, 11, 12))[1] == pytest.approx(-14.2, abs=0.1)
    # equinox of 20 March 2015: 22:45 UTC
    assert declination(datetime.datetime(2015, 3, 20, 22, 45))[0] == pytest.approx(0, abs=0.01)


def test_night_has_no_sine():
    assert position(datetime.datetime(2015, 7, 1, 0), 52.1, 5.2).altitude < 0
    assert position(datetime.datetime(2015, 7, 1, 0), 52.1, 5.2).sine == 0


# ---------------------------------------------------------------------------------------- shade
def solid(building, crown=None, base=None, terrain=None, cell=CELL, reach=150.0):
    none = np.zeros_like(building)
    return Solid.of(building, none if crown is None else crown, none if base is None else base,
                    terrain, int(reach / cell) + 1, cell)  # fmt: skip


def cast(thing, altitude, azimuth=180.0):
    return shadow(thing, Sun(altitude, azimuth), 150.0, 0, thing.shape[0])


def test_shadow_of_a_block_is_as_long_as_its_height_at_45_degrees():
    building = np.zeros((60, 60))
    building[30:35, 20:40] = 10.0
    found = cast(solid(building), 45)
    # 10 m = 5 rows to the north (lower row numbers), not a cell aside
    expected = np.zeros((60, 60), bool)
    expected[25:30, 20:40] = True
    assert np.array_equal((found == SOLID) & (building == 0), expected)


def test_shadow_falls_away_from_the_sun():
    building = np.zeros((60, 60))
    building[28:32, 28:32] = 10.0
    for azimuth, (row, column) in ((90, (30, 26)), (180, (26, 30)), (270, (30, 33)), (0, (33, 30))):
        found = cast(solid(building), 45, azimuth)
        assert found[row, column] == SOLID
        assert found[2 * 30 - 1 - row, 2 * 30 - 1 - column] == LIT


def test_light_passes_below_a_crown():
    crown, base = np.zeros((60, 60)), np.zeros((60, 60))
    crown[40, 30], base[40, 30] = 12.0, 8.0
    found = cast(solid(np.zeros((60, 60)), crown, base), 45)[:, 30]
    # the ray at 45 degrees is 8-12 m high at 8-12 m: rows 4 to 6 to the north
    assert list(np.flatnonzero(found == CROWN)) == [34, 35, 36]
    assert found[40] == LIT and found[38] == LIT


def test_shadow_area_of_a_round_crown_without_stem_is_its_own():
    # a flat disc of 10 m high: its shadow at any altitude has the area of the disc (78.5 m2 for
    # r = 5 m); base close to the top
    y, x = np.mgrid[:120, :120] - 60
    disc = np.hypot(x, y) <= 10  # 0.5 m cells
    crown, base = np.where(disc, 10.0, 0.0), np.where(disc, 9.9, 0.0)
    thing = solid(np.zeros((120, 120)), crown, base, cell=0.5)
    for altitude in (50, 61.3):
        area = (cast(thing, altitude, 200.0) == CROWN).sum() * 0.25
        assert area == pytest.approx(math.pi * 25, rel=0.12)


def test_relief_casts_shadow_and_lifts_what_stands_on_it():
    terrain = np.zeros((60, 60))
    terrain[30:] = 10.0  # the south lies 10 m higher: at 45 degrees 5 rows below it are dark
    found = cast(solid(np.zeros((60, 60)), terrain=terrain), 45)
    assert (found[25:30] == SOLID).all() and (found[:24] == LIT).all() and (found[30:] == LIT).all()
    building = np.zeros((60, 60))
    building[30:35] = 10.0
    flat = cast(solid(building), 45)
    lifted = cast(solid(building, terrain=np.full((60, 60), 37.5)), 45)
    assert np.array_equal(flat, lifted)


def test_low_sun_leaves_everything_dark():
    assert (cast(solid(np.zeros((8, 8))), 1.0) == SOLID).all()


def steps_of(thing, way, r, c):
    """(top, crown, base, near, far) of what lies on a way from a cell, one cell at a time."""
    rows, columns = thing.shape
    for step in way:
        y, x = r - step.rows, c + step.columns
        if 0 <= y < rows and 0 <= x < columns:
            stands = (thing.view(a, 0, rows, HERE) for a in (thing.top, thing.crown, thing.base))
            yield (*(thing.cells(line)[y, x] for line in stands), step.near, step.far)


def landscape(seed, relief):
    random = np.random.default_rng(seed)
    shape = (23, 31)
    building = np.where(random.random(shape) < 0.1, random.uniform(3, 30, shape), 0.0)
    crown = np.where(random.random(shape) < 0.1, random.uniform(4, 20, shape), 0.0)
    terrain = random.uniform(10, 12, shape).astype(np.float32) if relief else None
    return solid(building, crown, 0.3 * crown, terrain)


@pytest.mark.parametrize("relief", [False, True])
def test_shadow_and_sky_cell_by_cell(relief):
    # nothing may leak from the end of a row into the next, nor from one band into another
    thing = landscape(3, relief)
    rows, columns = thing.shape
    foot = np.zeros(thing.shape) if thing.ground is None else thing.cells(thing.ground)
    for azimuth, altitude in ((100.0, 20.0), (285.0, 35.0), (10.0, 50.0)):
        sun = Sun(altitude, azimuth)
        rise = math.tan(math.radians(altitude))
        way = towards(azimuth, list(range(1, 74)), CELL)
        found = np.concatenate([shadow(thing, sun, 150.0, a, b) for a, b in ((0, 9), (9, rows))])
        for r in range(rows):
            for c in range(columns):
                met = [(top > foot[r, c] + near * rise,
                        crown > foot[r, c] + near * rise and base < foot[r, c] + far * rise)
                       for top, crown, base, near, far in steps_of(thing, way, r, c)]  # fmt: skip
                expected = SOLID if any(m[0] for m in met) else CROWN if any(
                    m[1] for m in met) else LIT  # fmt: skip
                assert found[r, c] == expected
        assert {LIT, CROWN, SOLID} == set(np.unique(found))
    ways = compass(5, 60, CELL)
    seen = np.concatenate([sky_view(thing, ways, 0.2, a, b) for a, b in ((0, 9), (9, rows))])
    crowns, bases = (thing.cells(thing.view(a, 0, rows, HERE)) for a in (thing.crown, thing.base))
    for r in range(0, rows, 3):
        for c in range(columns):
            total = 0.0
            for way in ways:
                met = list(steps_of(thing, way, r, c))
                z = foot[r, c]
                wall = max([0.0, *((top - z) / near for top, _, _, near, _ in met)])
                leaf = max([0.0, *((crown - z) / near for _, crown, _, near, _ in met)])
                gap = min([(bases[r, c] - z) * 2 / CELL,
                           *((base - z) / far for _, _, base, _, far in met)])  # fmt: skip
                hidden = [t * t / (1 + t * t) for t in (wall, leaf, max(gap, wall))]
                if crowns[r, c] > 0:
                    hidden[1] = 1.0
                total += 1 - hidden[0] - 0.8 * max(hidden[1] - hidden[2], 0.0)
            assert seen[r, c] == pytest.approx(total / len(ways), abs=2e-6)
    assert seen.min() < 0.5 < 0.8 < seen.max()


def test_nobody_looks_further_than_what_is_padded():
    thing = solid(np.full((9, 9), 5.0), reach=20)
    assert thing.pad == 11
    with pytest.raises(ValueError, match="a step beyond"):
        sky_view(thing, compass(4, 40, CELL), 0.0, 0, 9)


# ------------------------------------------------------------------------------------------ sky
def view(building, crown=None, base=None, directions=12, every=False, through=0.0, terrain=None):
    thing = solid(building, crown, base, terrain, reach=150)
    return sky_view(thing, compass(directions, 100, CELL, every), through, 0, building.shape[0])


@pytest.mark.parametrize(("columns", "height"), [(11, 11.0), (11, 22.0), (5, 10.0), (21, 10.0)])
def test_middle_of_a_canyon(columns, height):
    # Oke 1987: cos(atan(2 H / W))
    building = np.full((151, 151), height)
    building[:, 75 - columns // 2 : 76 + columns // 2] = 0.0
    exact = math.cos(math.atan(2 * height / (columns * CELL)))
    assert view(building)[75, 75] == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize(("radius", "height"), [(30.0, 10.0), (20.0, 20.0), (60.0, 20.0)])
def test_middle_of_a_round_basin(radius, height):
    # cos2(atan(H / R))
    y, x = np.mgrid[:151, :151] - 75
    building = np.where(np.hypot(x, y) * CELL > radius, height, 0.0)
    assert view(building)[75, 75] == pytest.approx(
        math.cos(math.atan(height / radius)) ** 2, abs=0.01)  # fmt: skip


@pytest.mark.parametrize("cells", [2, 5, 10])
def test_beside_a_long_wall(cells):
    # half of the sky, and of the other half cos(atan(H / d)): (1 + cos(atan(12 / d))) / 2
    building = np.zeros((151, 151))
    building[:75] = 12.0
    exact = 0.5 * (1 + math.cos(math.atan(12 / (cells * CELL + 1))))
    assert view(building)[75 + cells, 75] == pytest.approx(exact, abs=0.01)


def test_below_the_middle_of_a_round_crown():
    # a disc of radius r at height b hides r2 / (r2 + b2): here 20 m and 10 m: 0.8
    y, x = np.mgrid[:101, :101] - 50
    disc = np.hypot(x, y) * CELL <= 20
    crown, base = np.where(disc, 11.0, 0.0), np.where(disc, 10.0, 0.0)
    assert view(np.zeros((101, 101)), crown, base)[50, 50] == pytest.approx(0.2, abs=0.02)
    # a tenth of the light comes through: 1 - 0.9 x 0.8
    leaky = view(np.zeros((101, 101)), crown, base, through=0.1)[50, 50]
    assert leaky == pytest.approx(0.28, abs=0.02)


def test_open_field_sees_all_sky_on_any_level():
    assert (view(np.zeros((40, 40))) == 1.0).all()
    assert (view(np.zeros((40, 40)), terrain=np.full((40, 40), -4.0)) == 1.0).all()


def test_few_directions_and_wide_steps_against_a_full_search():
    # 12 directions, steps of an eighth of the distance, against 128 and every cell
    random = np.random.default_rng(3)
    building = np.zeros((200, 200))
    for row in range(0, 200, 20):
        for column in range(0, 200, 22):
            building[row + 3 : row + 9, column + 2 : column + 18] = random.choice([0, 6, 9, 12, 20])
    off = (view(building) - view(building, directions=128, every=True))[building == 0]
    assert abs(off.mean()) < 0.01
    assert np.sqrt((off**2).mean()) < 0.025


# --------------------------------------------------------------------------------------- marching
def test_steps_reach_every_distance_once_and_grow():
    steps = towards(90.0, [1, 2, 3, 5], 2.0)
    assert [(s.rows, s.columns) for s in steps] == [(0, 1), (0, 2), (0, 3), (0, 5)]
    assert [(s.near, s.far) for s in steps] == [(1, 3), (3, 5), (5, 7), (8, 12)]


def test_bands_cover_all_rows_once():
    seen = np.zeros(257, int)

    def work(first, last):
        seen[first:last] += 1

    by_bands(257, work)
    assert (seen == 1).all()
