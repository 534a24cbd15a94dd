"""Yields of roofs against figures of others (docs/validation/energy.md). No number here is ours."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.energy import demand, sun
from tests.engine.factory import profile

NORTH, NORTH_EAST, EAST, SOUTH_EAST, SOUTH = 0.0, 45.0, 90.0, 135.0, 180.0


def percent(tilt: float, aspect: float) -> float:
    """Irradiation against the best plane, %."""
    found = sun.on_planes(sun.dutch_year(), np.array([tilt]), np.array([aspect]))
    return float(100.0 * found[0] / sun.best())


# Bands published for the Netherlands (energievooraltijd.nl, table 2): per direction those of 25,
# 40, 65 and 90 degrees. Its column of 0 degrees differs by direction, which a horizontal plane
# cannot.
PUBLISHED = {
    SOUTH: ((95, 100), (95, 100), (90, 95), (70, 75)),
    SOUTH_EAST: ((90, 95), (90, 95), (85, 90), (65, 70)),
    EAST: ((80, 85), (75, 80), (65, 70), (55, 60)),
    NORTH_EAST: ((70, 75), (60, 65), (45, 50), (40, 45)),
    NORTH: ((65, 70), (55, 60), (35, 40), (30, 35)),
}


@pytest.mark.parametrize("aspect", (SOUTH, SOUTH_EAST, EAST))
def test_planes_that_carry_panels_lie_in_the_published_bands(aspect):
    # within a point of the band
    for tilt, (low, high) in zip((25, 40, 65, 90), PUBLISHED[aspect]):
        assert low - 1.0 <= percent(tilt, aspect) <= high + 1.0, tilt


@pytest.mark.parametrize(("aspect", "tolerance"), [(NORTH_EAST, 4.0), (NORTH, 7.0)])
def test_planes_that_look_north_are_lower_than_the_bands(aspect, tolerance):
    # the table rounds old measurements; Hay and Davies give north less of the light around the sun
    for tilt, (low, high) in zip((25, 40, 65, 90), PUBLISHED[aspect]):
        assert low - tolerance <= percent(tilt, aspect) <= high, tilt


# pvlib 0.16.1: mean days and month sums as ours, its own solar position, clear-sky course
# (Haurwitz) and Hay-Davies transposition; docs/validation/energy.md has the recipe. % of its best
# plane.
PVLIB = {(0, SOUTH): 86.0, (35, SOUTH): 100.0, (35, EAST): 79.6, (35, 270.0): 79.6,
         (35, NORTH): 54.1, (35, SOUTH_EAST): 94.4, (90, SOUTH): 70.7, (90, EAST): 54.7,
         (13, EAST): 84.6}  # fmt: skip


@pytest.mark.parametrize("plane", PVLIB)
def test_planes_agree_with_pvlib(plane):
    assert percent(*plane) == pytest.approx(PVLIB[plane], abs=2.0)


def test_the_best_plane_gets_what_pvlib_gives_it():
    # 1217.7 kWh/m2 a year; 2.5 %: the course of the day differs
    assert sun.best() == pytest.approx(1217.7, rel=0.025)


def test_best_tilt_is_that_of_the_dutch_diagram():
    # irradiation diagram (Ecofys, by energiekennisbank.nl): best plane at about 35 degrees, south
    tilt = np.arange(0.0, 91.0)
    found = sun.on_planes(sun.dutch_year(), tilt, np.full(91, 180.0))
    assert abs(float(tilt[found.argmax()]) - 35.0) <= 5.0


def test_a_panel_in_the_south_and_in_the_east():
    # rule of thumb: 150 kWh per m2 of panel south, 125 east or west (bespaarbazaar.nl), for panels
    # of its day; ours are of 2024 (0.205 kWp/m2). As a ratio: 125 / 150 = 83 %
    assert percent(35, EAST) == pytest.approx(100 * 125 / 150, abs=5.0)
    per_kwp = profile().rate("pv.yield")
    assert 850 <= per_kwp <= 900  # published range per kWp
    # 150 kWh/m2 at 875 kWh/kWp is a panel of 0.171 kWp/m2; ours gives 20 % more
    assert per_kwp * profile().rate("pv.kwp_m2") == pytest.approx(150 * 0.205 / 0.171, rel=0.01)


def test_label_classes_are_those_published():
    # enven.nl: A < 160, B to 190, C to 250, D to 290, E to 335, F to 380, G above
    from dgo_twin_plugin.engine.models.tables import constants

    edges = constants("energy")["labels"]["edges"]
    assert [edges[k] for k in "ABCDEF"] == [160, 190, 250, 290, 335, 380]
    middles = demand.label_middles()
    order = [middles[k] for k in ("A++++", "A+++", "A++", "A+", *"ABCDEFG")]
    assert order == sorted(order)


def test_light_on_the_horizontal_lies_between_belgian_extremes():
    # Belgian normals 1984-2013 (meteo.be): December 530, June 5070 Wh/m2 a day; De Bilt of
    # 1991-2020 is a little north and a little later: within 10 %
    from dgo_twin_plugin.engine.models.tables import constants

    sums = constants("energy")["sun"]["horizontal"]
    assert sums[11] / 31 * 1000 == pytest.approx(530, rel=0.10)
    assert sums[5] / 30 * 1000 == pytest.approx(5070, rel=0.10)
