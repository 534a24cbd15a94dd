"""The propagation of spreads against seeded sampling of the same places (docs/uncertainty.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dgo_twin_plugin.engine import marks
from dgo_twin_plugin.engine.indicators.spec import Measurement, Part, Places
from dgo_twin_plugin.engine.places_moved import Moved, sampled
from dgo_twin_plugin.engine.reduce import reduce_places
from dgo_twin_plugin.engine.scores import judge

from . import judging as j

SHARE = Part("", "ratio", "%", 100.0)


def moved(part: Part, places: Places, log: bool = False) -> Moved:
    return Moved(part, reduce_places(part, places, 1), log)


def spread_of(part: Part, places: Places, disturb: Any, times: int = 4000) -> np.ndarray:
    return sampled(part, places, 1, disturb, times).std(axis=0)


def example(n: int = 60, seed: int = 3) -> Places:
    rng = np.random.default_rng(seed)
    den = rng.uniform(1, 20, n)
    value = rng.uniform(20, 60, n)
    return Places(np.ones(n), den, value, num=den * value / 100, den=den,
                  assumed=(rng.random(n) < 0.5).astype(float))  # fmt: skip


# 4,000 draws know a standard deviation to 1/sqrt(8000) = 1.1 %: 5 % is four times that; beyond it
# comes only the second order, for which denominators get 10 %
def test_sampling_agrees_on_values() -> None:
    places = example()

    def together(rng: np.random.Generator, p: Places) -> Places:
        factor = 1 + 0.2 * rng.standard_normal() * p.assumed
        return Places(p.zone, p.weight, p.value * factor, num=p.num * factor, den=p.den)

    for part in (SHARE, Part("", "mean", "%")):
        wanted = spread_of(part, places, together)
        got = 0.2 * moved(part, places).values(places.assumed)
        np.testing.assert_allclose(got, wanted, rtol=0.05)


def test_sampling_agrees_on_absolute_steps_and_amounts() -> None:
    places = example()

    def step(rng: np.random.Generator, p: Places) -> Places:
        add = 0.25 * rng.standard_normal() * p.assumed * p.den
        return Places(p.zone, p.weight, p.value, num=p.num + add, den=p.den)

    wanted = spread_of(SHARE, places, step)
    np.testing.assert_allclose(0.25 * 100 * moved(SHARE, places).share(places.assumed), wanted,
                               rtol=0.05)  # fmt: skip
    got = 0.25 * moved(SHARE, places).above(places.assumed * places.den)
    np.testing.assert_allclose(got, wanted, rtol=0.05)


def test_sampling_agrees_on_weights_and_denominators() -> None:
    places = example()

    def weights(rng: np.random.Generator, p: Places) -> Places:
        z = rng.standard_normal() + rng.standard_normal(len(p.zone))
        factor = 1 + 0.1 * z * p.assumed
        return Places(p.zone, p.weight, p.value, num=p.num * factor, den=p.den * factor)

    got = moved(SHARE, places).weights(0.1 * places.assumed)
    np.testing.assert_allclose(got, spread_of(SHARE, places, weights), rtol=0.10)

    def below(rng: np.random.Generator, p: Places) -> Places:
        return Places(p.zone, p.weight, p.value, num=p.num,
                      den=p.den * (1 + 0.1 * rng.standard_normal() * p.assumed))  # fmt: skip

    got = 0.1 * moved(SHARE, places).below(places.assumed)
    np.testing.assert_allclose(got, spread_of(SHARE, places, below), rtol=0.10)


def test_sampling_agrees_on_log_means() -> None:
    places = example()
    part = Part("", "log_mean", "yr")

    def weights(rng: np.random.Generator, p: Places) -> Places:
        z = rng.standard_normal() + rng.standard_normal(len(p.zone))
        return Places(p.zone, p.weight, p.value, den=p.den * (1 + 0.1 * z * p.assumed))

    decades = np.log10(sampled(part, places, 1, weights, 4000)).std(axis=0)
    got = moved(part, places, log=True).weights(0.1 * places.assumed)
    np.testing.assert_allclose(got, decades, rtol=0.10)


def test_sampling_agrees_on_ranks() -> None:
    # a rank is a step function of the weights: half of the distance between two ranks stands for
    # the standard deviation, within a quarter for 400 dwellings
    rng = np.random.default_rng(5)
    n = 400
    places = Places(np.ones(n), rng.uniform(0.5, 3, n), rng.normal(50, 6, n), assumed=np.ones(n))
    part = Part("", "p90", "dB")

    def weights(rng: np.random.Generator, p: Places) -> Places:
        z = rng.standard_normal() + rng.standard_normal(len(p.zone))
        return Places(p.zone, p.weight * np.maximum(1 + 0.2 * z, 0), p.value)

    got = moved(part, places).weights(np.full(n, 0.2))
    np.testing.assert_allclose(got, spread_of(part, places, weights), rtol=0.25)


def test_sampling_agrees_on_what_is_not_known() -> None:
    # the unknown share as one block like any known place, drawn by what the places weigh
    places, unknown = example(), 0.3

    def block(rng: np.random.Generator, p: Places) -> Places:
        k = rng.choice(len(p.zone), p=p.den / p.den.sum())
        size = unknown / (1 - unknown) * p.den.sum()
        num = np.append(p.num, size * p.value[k] / 100)
        return Places(np.append(p.zone, 1), np.append(p.weight, size), np.append(p.value, 0),
                      num=num, den=np.append(p.den, size))  # fmt: skip

    got, count = moved(SHARE, places).unlike(np.full(2, unknown))
    np.testing.assert_allclose(got, spread_of(SHARE, places, block), rtol=0.05)
    assert count.tolist() == [60, 60]


def test_sampling_agrees_on_interval_and_chance() -> None:
    # marks of a hundred thousand draws of 30 +- 5 on 20/40/70: 5 % and 95 % points, share >= 6
    # the profile's 3 and the roads' 4 are 5
    profile = j.profile(j.part_norms("", True, {"GT01": j.norm(20, 40, 70)}, sigma=(3, "absolute")))
    measured = Measurement({"": j.places((1, 1, 30))}, spreads={"roads": np.array([4.0, 4])})
    row = judge(j.scene("GT01"), profile, j.spec(), measured).rows[1]
    drawn = marks.mark(np.random.default_rng(1).normal(30, 5, 100_000), 20, 40, 70, True)
    low, high = np.quantile(drawn, [0.05, 0.95])
    assert row.mark_low == pytest.approx(low, abs=0.01)
    assert row.mark_high == pytest.approx(high, abs=0.01)
    assert row.chance6 == pytest.approx((drawn >= 6).mean(), abs=0.005)
