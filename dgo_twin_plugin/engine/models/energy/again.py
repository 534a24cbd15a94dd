"""Light on roof cells, of a scene that differs a little from the one before only where something
changed: on the cells themselves, or within sight of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...pulse import beat
from ..frame import Frame
from ..patched import about, differ
from ..tables import constants
from .roofs import horizon
from .sun import dutch_year, on_planes

if TYPE_CHECKING:
    from ...scene import Scene

TILE = 16  # cells: changes in one tile are taken together
MOST = 400  # tiles beyond which all is worked out


@dataclass(frozen=True)
class Planes:
    """Cells of roofs (k,) and what stands around them: ``top`` (rows, columns) m NAP; ``lie`` the
    tilt of panels there, ``flat`` whether half of them look east and half west."""

    frame: Frame
    top: np.ndarray
    row: np.ndarray
    column: np.ndarray
    flat: np.ndarray
    lie: np.ndarray
    aspect: np.ndarray


def light_on(scene: Scene, planes: Planes) -> np.ndarray:
    """(k,) kWh/m2 a year on panels."""
    kept = None if scene.reuse is None else scene.reuse.kept
    last: tuple[Planes, np.ndarray] | None = None if kept is None else kept.found("roof_light")
    source = None if last is None else _as_before(last[0], planes)
    if last is None or source is None:
        given = _light(planes, np.arange(len(planes.row)))
    else:
        fresh = np.flatnonzero(source < 0)
        given = last[1][source]
        given[fresh] = _light(planes, fresh)
    if kept is not None:
        kept.put("roof_light", (), (planes, given))
    return given


def _light(planes: Planes, rows: np.ndarray) -> np.ndarray:
    """(m,) of some cells, each by itself."""
    shade = constants("energy")["shade"]
    top, row, column = planes.top, planes.row[rows], planes.column[rows]
    edge = None
    if np.isfinite(top).any():
        edge = horizon(top, row, column, top[row, column], planes.frame.cell,
                       int(shade["directions"]), [float(d) for d in shade["distances"]], beat)
    flat, lie, aspect = planes.flat[rows], planes.lie[rows], planes.aspect[rows]
    light = dutch_year()
    given = on_planes(light, lie, np.where(flat, 90.0, aspect), edge, beat)
    both = on_planes(light, lie[flat], np.full(int(flat.sum()), 270.0),
                     None if edge is None else edge[flat], beat)  # fmt: skip
    given[flat] = 0.5 * (given[flat] + both)  # half of the panels look east, half west
    return given


def _as_before(last: Planes, now: Planes) -> np.ndarray | None:
    """(k,) the same cell of before with the same plane and the same surroundings, -1 where there
    is none; None where all may be others."""
    if last.frame != now.frame:
        return None
    known = np.isfinite(now.top).any()
    if known != np.isfinite(last.top).any():
        return None
    at = np.full(now.frame.rows * now.frame.columns, -1, np.int32)
    at[last.row * now.frame.columns + last.column] = np.arange(len(last.row))
    source = at[now.row * now.frame.columns + now.column].astype(np.int64)
    same = source >= 0
    for a, b in ((now.flat, last.flat), (now.lie, last.lie), (now.aspect, last.aspect)):
        same[same] = ~differ(a[same], b[source[same]])
    if last.top is not now.top:
        tiles = about(differ(now.top, last.top), TILE)
        if len(tiles) > MOST:
            return None
        far = max(float(d) for d in constants("energy")["shade"]["distances"])
        reach = int(far / now.frame.cell) + 2
        for r0, r1, c0, c1 in tiles:
            same &= ~((now.row >= r0 - reach) & (now.row < r1 + reach)
                      & (now.column >= c0 - reach) & (now.column < c1 + reach))  # fmt: skip
    return np.where(same, source, -1)
