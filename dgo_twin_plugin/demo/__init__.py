"""The demo: a fictitious housing plan on a former air base, in two variants, with every map.

``create(folder)`` writes it; nothing in it is measured or true.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

VARIANTS = ("a", "b")


def create(
    folder: Path | str,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Path]:
    """Write the demo plan into a folder (made where it is not there) and name its files.

    ``progress`` gets 0-1; where ``cancelled`` answers True the writing stops with
    :class:`words.Cancelled` and what was written stays. Keys of the result: ``twin_a``,
    ``twin_b``, ``design_a``, ``design_b``, ``area_types``, ``plan_area``, ``current``, ``roads``,
    ``surroundings``, and every raster by its file name without suffix. Same result every time.
    """
    from .maker import make  # osgeo and numpy only when a demo is asked for

    return make(Path(folder), progress, cancelled)
