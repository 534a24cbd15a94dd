"""Streets from the map: types by facades, trees, pieces that are one street."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgo_twin_plugin.engine import pulse
from dgo_twin_plugin.engine.models.air import streets
from dgo_twin_plugin.engine.words import Cancelled

STREET = [np.array([[0.0, 0.0], [200.0, 0.0]])]


def axis(lines=STREET):
    return streets.pieces(lines, 10.0)


def side(distance, height, n=20):
    return streets.Side(np.full(n, float(distance)), np.full(n, float(height)))


NONE = streets.Side(np.full(20, np.inf), np.zeros(20))


def test_pieces_cut_every_straight_part():
    # 200 m in 20 pieces; a corner at 15 m: 15 = 2 x 7.5, 25 = 3 x 8.33
    assert axis().n == 20
    assert axis().along[:2] == pytest.approx([5.0, 15.0])
    bent = axis([np.array([[0.0, 0.0], [15.0, 0.0], [15.0, 25.0]])])
    assert bent.n == 5
    assert bent.along == pytest.approx([3.75, 11.25, 19.1667, 27.5, 35.8333], abs=1e-3)


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (side(10, 10), side(10, 10), 2),  # d/H = 1 on both sides
        (side(14.9, 10), side(14.9, 10), 2),
        (side(20, 10), side(20, 10), 1),  # d/H = 2
        (side(10, 10), side(25, 10), 1),  # mean of 1 and 2.5 = 1.75
        (side(10, 10), NONE, 3),
        (NONE, side(29, 10), 3),
        (side(31, 10), side(31, 10), 4),  # beyond 3 H
        (NONE, NONE, 4),
    ],
)
def test_type_by_facades(left, right, kind):
    assert set(streets.street_types(axis(), left, right)) == {kind}


def test_half_the_stretch_must_be_built():
    # houses along the first 60 m only: at 5 m the stretch is 0-55 m, all built; at 55 m it is
    # 5-105 m, 6 of 11 rays; at 65 m 15-115 m, 5 of 11 rays: no longer half
    built = np.where(np.arange(20) < 6, 10.0, np.inf)
    found = streets.street_types(axis(), streets.Side(built, np.full(20, 10.0)), NONE)
    assert found[0] == found[5] == 3
    assert found[6] == found[19] == 4


def test_rays_meet_the_first_wall():
    # from (0, 0) up: walls at 8 and at 5 m; down: none; a wall of 6 m beside the ray is no hit
    x0, y0, x1, y1 = (np.array(v, float) for v in zip((-5, 8, 5, 8), (-5, 5, 5, 5), (3, 1, 9, 1)))
    at, up = np.zeros((2, 2)), np.array([[0.0, 1.0], [0.0, -1.0]])
    distance, wall = streets.first_wall(at, up, 60.0, x0, y0, x1, y1)
    assert distance.tolist() == [5.0, np.inf]
    assert wall.tolist() == [1, -1]
    assert streets.first_wall(at, up, 4.0, x0, y0, x1, y1)[1].tolist() == [-1, -1]


def trees(spacing, diameter, rows=(5.0,), width=20.0):
    x = np.arange(spacing / 2.0, 200.0, spacing)
    stems = np.concatenate([np.column_stack([x, np.full(len(x), y)]) for y in rows])
    return streets.tree_factors(axis(), np.full(20, width), stems, np.full(len(stems), diameter))


def test_tree_factors():
    assert set(trees(40.0, 6.0)) == {1.0}  # here and there
    assert set(trees(10.0, 4.0)) == {1.25}  # a row, crowns apart
    # crowns of 10 m every 10 m, two rows: cover pi/4 * 100 * 2 / (10 * 20) = 0.79 of the width
    assert set(trees(10.0, 10.0, (-5.0, 5.0))) == {1.5}
    # one row of 6 m crowns that touch in a street of 40 m: pi/4 * 36 / (6 * 40) = 0.12: no roof
    assert set(trees(6.0, 6.0, width=40.0)) == {1.25}
    assert set(trees(5.0, 8.0, (25.0,))) == {1.0}  # behind the houses
    assert set(streets.tree_factors(axis(), np.full(20, 20.0), np.zeros((0, 2)), np.zeros(0))) == {
        1.0}  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(-25, 25), st.floats(1, 15)), max_size=40),
       st.tuples(st.floats(0, 200), st.floats(-25, 25), st.floats(1, 15)))  # fmt: skip
def test_a_tree_more_never_lowers(stand, extra):
    def factor(rows):
        table = np.array(rows, float).reshape(-1, 3)
        return streets.tree_factors(axis(), np.full(20, 20.0), table[:, :2], table[:, 2])

    assert (factor([*stand, extra]) >= factor(stand)).all()


def test_lines_that_run_on_are_one_street():
    east, on, up = [[0, 0], [50, 0]], [[50, 0], [100, 10]], [[50, 0], [50, 80]]
    lines = [np.array(x, float) for x in (east, on, up)]
    street = streets.street_of(lines, np.zeros(3, int))
    assert street[0] == street[1] != street[2]
    # the plan's traffic on the same line is a street of its own: it adds
    both = streets.street_of([lines[0], lines[1]], np.array([0, 1]))
    assert both[0] != both[1]


def test_a_street_counts_once_at_a_point_and_two_add():
    lines = [np.array(x, float) for x in ([[0, 0], [50, 0]], [[50, 0], [100, 0]],
                                          [[50, 0], [50, 80]])]  # fmt: skip
    made = axis(lines)
    street = streets.street_of(lines, np.zeros(3, int))[made.line]
    piece, point, away, foot = streets.nearest(np.array([[52.0, 10.0]]), made, street, 60.0)
    # the street along y = 0 at 10 m (its second line), the side street at 2 m
    assert sorted(away.tolist()) == [2.0, 10.0]
    assert sorted(made.line[piece].tolist()) == [1, 2]
    assert point.tolist() == [0, 0]
    assert [52.0, 0.0] in foot.tolist()
    assert not len(streets.nearest(np.array([[50.0, -61.0]]), made, street, 60.0)[0])


def test_nothing_at_all():
    none = streets.pieces([], 10.0)
    assert none.n == 0
    assert len(streets.nearest(np.zeros((3, 2)), none, np.zeros(0, int), 60.0)[0]) == 0
    assert len(streets.street_of([], np.zeros(0, int))) == 0


def test_cancel_is_heard():
    def stop():
        raise Cancelled

    with pulse.heard_by(stop), pytest.raises(Cancelled):
        streets.nearest(np.zeros((1, 2)), axis(), np.zeros(20, int), 60.0)
    with pulse.heard_by(stop), pytest.raises(Cancelled):
        streets.street_of(STREET, np.zeros(1, int))
