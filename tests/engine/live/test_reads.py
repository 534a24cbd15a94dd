"""Indicators that keep their marks read no more of the surfaces than is declared."""

from __future__ import annotations

from typing import Any

import pytest

from bench.live import DATE
from dgo_twin_plugin.engine.assessment import measure
from dgo_twin_plugin.engine.build import build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.indicators import all_indicators
from dgo_twin_plugin.engine.scores import prepare
from dgo_twin_plugin.engine.unchanged import READS

from ..factory import profile
from .plan import plan


class Recorded(dict[str, Any]):
    """Remembers which keys were asked for."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("id_", sorted(READS))
def test_only_declared_fields_are_read(id_: str) -> None:
    spec = next(s for s in all_indicators() if s.id == id_)
    scene = build_scene(plan(), profile(), load_functions(), DATE)
    fields, assumed = Recorded(scene.surfaces.fields), Recorded(scene.surfaces.assumed)
    scene.surfaces.fields, scene.surfaces.assumed = fields, assumed
    found = measure(scene, profile(), spec)
    assert found.missing is None  # else nothing was read at all
    prepare(scene, profile(), spec, found)
    declared = READS[id_].fields
    if declared is not None:
        assert fields.asked | assumed.asked <= {*declared, *spec.fields}
    if not READS[id_].items:
        items = scene.items
        scene.items = None  # type: ignore[assignment]
        scene.cache.clear()
        try:
            measure(scene, profile(), spec)
        finally:
            scene.items = items
