"""A small plan with everything in it: blocks of the benchmark's town, all maps, as sources."""

from __future__ import annotations

from functools import lru_cache
from unittest import mock

from bench import case
from bench.live import town_sources
from dgo_twin_plugin.engine.build import Sources


@lru_cache(maxsize=4)
def plan(features: int = 330, blocks: int = 2, border: int = 10, turn: float = 0.0) -> Sources:
    """``blocks`` by ``blocks`` of 100 m: houses, a park, streets, trees and lamps. In a town that
    is turned by an angle (rad) neighbours leave gaps of 1e-12 m between them."""
    with mock.patch.object(case, "TURN", turn), mock.patch.object(case, "MARGIN", 300.0):
        return town_sources(features, blocks, border)
