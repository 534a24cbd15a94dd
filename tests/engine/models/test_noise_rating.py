"""Lden, joint and cumulated noise, health classes: worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgo_twin_plugin.engine.models.noise import rating


def test_lden_by_hand():
    # 60 all day: (12 + 4 x 10^0.5 + 8 x 10) / 24 = (12 + 12.649 + 80) / 24 = 4.3604 -> + 6.395
    assert rating.lden(np.array([60.0, 60.0, 60.0])) == pytest.approx(66.395, abs=1e-3)
    # 65, 60, 50: (12 x 3 162 278 + 4 x 3 162 278 + 8 x 10^6) / 24 = 2 441 518 -> 63.877
    assert rating.lden(np.array([[65.0, 60.0, 50.0]])) == pytest.approx([63.877], abs=1e-3)


def test_silence_and_the_unknown():
    found = rating.lden(np.array([[-np.inf] * 3, [np.nan, 50, 50], [-np.inf, -np.inf, 50.0]]))
    # only by night: 50 + 10 + 10 lg(8/24) = 55.229
    assert np.isneginf(found[0]) and np.isnan(found[1])
    assert found[2] == pytest.approx(55.229, abs=1e-3)


def test_joint_and_cumulated_are_two_quantities():
    road, rail = np.array([60.0]), np.array([60.0])
    assert rating.joint([road, rail]) == pytest.approx([63.010], abs=1e-3)
    # rail 60 annoys as road 55.6: 10 lg(10^6 + 10^5.56) = 61.345
    assert rating.cumulated({"road": road, "rail": rail}) == pytest.approx([61.345], abs=1e-3)
    # aircraft 50: 0.98 x 50 + 7.03 = 56.03; industry 50: 51.00: 5.03 dB apart adds
    # 10 lg(1 + 10^-0.503) = 1.186: 57.216
    found = rating.cumulated({"aircraft": np.array([50.0]), "industry": np.array([50.0])})
    assert found == pytest.approx([57.216], abs=1e-3)
    with pytest.raises(KeyError):
        rating.cumulated({"wind": road})


def test_the_law_turns_cumulated_back():
    # RMG2012 annex I: L_RL,CUM = 1.05 LCUM + 1.47, L_LL,CUM = 1.02 LCUM - 7.17: rounded inverses
    for source, factor, term in (("rail", 1.05, 1.47), ("aircraft", 1.02, -7.17),
                                 ("industry", 1.00, -1.00)):  # fmt: skip
        level = rating.cumulated({source: np.array([60.0])})
        assert factor * level + term == pytest.approx([60.0], abs=0.2)


def test_qualities_and_ges():
    levels = np.array([50.0, 50.1, 55.0, 62.0, 67.0, 70.1, np.nan])
    assert rating.quality(levels).tolist() == [
        "good", "reasonable", "reasonable", "rather_poor", "poor", "very_poor", None]  # fmt: skip
    # domain 4.1 (V): 55-60 = 4, 60-65 = 5, 65-70 = 6, 70-75 = 7, from 75 = 8
    found = rating.ges(np.array([44.9, 55.0, 59.9, 60.0, 66.0, 72.0, 75.0, np.nan]))
    assert found[:-1].tolist() == [0, 4, 4, 5, 6, 7, 8] and np.isnan(found[-1])


@given(st.floats(20, 90), st.floats(0, 20))
def test_louder_is_never_less(level, more):
    quiet, loud = np.array([level] * 3), np.array([level + more, level, level])
    assert rating.lden(loud) >= rating.lden(quiet)
    assert rating.joint([quiet, loud])[0] >= level
