"""Grids that follow a design while it is drawn: only the cells about an edit are made again.

A grid is made cell by cell from the surface that owns a cell, from what is known of that surface,
and from the crowns over it. Where the scene before is kept (:class:`..kept.Reuse`) the cells that
nothing of this changed keep their values; the rest are made by the same code from the same
numbers, so the outcome is that of making all of them. In a run that keeps nothing all are made.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kept import MOST_CHANGED, pairing, same, same_shapes
from ..scan import cells_inside
from .frame import Frame

if TYPE_CHECKING:
    from ..geometry import Polygons
    from ..scene import Scene

Window = tuple[int, int, int, int]  # first row, one past the last, first column, one past the last
Grid = tuple[np.ndarray, ...]
BAND = 64  # rows that are made at once
MOST = 0.25  # share of the cells beyond which all are made


@dataclass(frozen=True)
class Shapes:
    """Things (n,) over the ground: where they are, and what is known of them, arrays (n,)."""

    polygons: Polygons
    said: Grid


@dataclass(frozen=True)
class _State:
    """Grids, and all that they were made from."""

    frame: Frame
    fixed: tuple[Any, ...]
    tables: Grid
    over: Shapes | None
    grids: Grid


def owners(scene: Scene, frame: Frame, who: str) -> np.ndarray:
    """(rows, columns) int32: the row of the surfaces that owns each cell, -1 where none does. Of
    two that claim one cell the later row has it. Shared: nobody may write in it. ``who`` asks: of
    each the last frame is kept."""
    found: np.ndarray = scene.product(("owners", frame), lambda s: _owners(s, frame, who))
    return found


def _owners(scene: Scene, frame: Frame, who: str) -> np.ndarray:
    reuse, name, polygons = scene.reuse, ("owners", who), scene.surfaces.polygons
    last = None if reuse is None else reuse.kept.of_last(name)
    found: np.ndarray | None = None
    if reuse is not None and last is not None and last[2] == (frame, scene.origin):
        windows = windows_of(frame, reuse.near) if (reuse.shape >= 0).any() else None
        if windows is not None:
            match, n = reuse.shape, int(last[1])
            found = last[0]
            stays = np.flatnonzero(match >= 0)
            if len(match) != n or not np.array_equal(match[stays], stays):
                back = np.full(n + 1, -1, np.int32)  # the last entry is that of no surface
                back[match[stays]] = stays
                found = back[found]
            elif windows:
                found = found.copy()
            for window in windows:
                _burn(polygons, frame, found, window)
    if found is None:
        found = np.full(frame.shape, -1, np.int32)
        frame.burned(polygons, np.arange(polygons.n, dtype=np.int32), found)
    found.flags.writeable = False
    if reuse is not None:
        reuse.kept.put(name, (), (found, polygons.n, (frame, scene.origin)))
    return found


def _burn(polygons: Polygons, frame: Frame, grid: np.ndarray, window: Window) -> None:
    """The owners in a window anew, as they are where all is burned."""
    grid[window[0] : window[1], window[2] : window[3]] = -1
    k, r, c = cells_of(polygons, frame, window)
    grid[r, c] = k


def cells_of(polygons: Polygons, frame: Frame, window: Window) -> Grid:
    """(polygon, row, column) of the cells of a window inside each polygon, by polygon."""
    box, (r0, r1, c0, c1) = polygons.bounds(), window
    x, y, cell = frame.x0, frame.y0, frame.cell
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero((box[:, 0] <= x + c1 * cell) & (box[:, 2] >= x + c0 * cell)
                              & (box[:, 1] <= y - r0 * cell) & (box[:, 3] >= y - r1 * cell))
    bare = frame.raster(np.zeros((1, 1)))  # only where its cells lie is asked
    k, r, c = cells_inside(polygons.take(near), bare, (r0, r1), (c0, c1))
    return near[k], r, c


def patched(scene: Scene, name: Hashable, frame: Frame, fixed: tuple[Any, ...], tables: Grid,
            over: Shapes | None, make: Callable[[Window], Grid]) -> Grid:  # fmt: skip
    """Grids of ``frame`` that ``make(window)`` gives window by window. A cell may depend on its
    owner's values in ``tables`` (n_surfaces,), on the shapes ``over`` it and on ``fixed`` only.
    Shared between runs: nobody may write in them."""
    reuse, fixed = scene.reuse, (scene.origin, *fixed)
    last: _State | None = None if reuse is None else reuse.kept.of_last(name)
    windows = None if last is None else _windows(scene, last, frame, fixed, tables, over)
    if last is None or windows is None:
        grids = _all(frame, make)
    elif not windows:
        grids = last.grids
    else:
        grids = tuple(grid.copy() for grid in last.grids)
        for window in windows:
            at = np.s_[window[0] : window[1], window[2] : window[3]]
            for grid, part in zip(grids, make(window)):
                grid[at] = part
    for grid in grids:
        grid.flags.writeable = False
    if reuse is not None:
        reuse.kept.put(name, (), _State(frame, fixed, tables, over, grids))
    return grids


def _all(frame: Frame, make: Callable[[Window], Grid]) -> Grid:
    """Every cell, by bands of rows: what is made on the way then stays in the cache."""
    grids: Grid = ()
    for first in range(0, frame.rows, BAND):
        last = min(first + BAND, frame.rows)
        parts = make((first, last, 0, frame.columns))
        grids = grids or tuple(np.empty(frame.shape, part.dtype) for part in parts)
        for grid, part in zip(grids, parts):
            grid[first:last] = part
    return grids


def _windows(scene: Scene, last: _State, frame: Frame, fixed: tuple[Any, ...], tables: Grid,
             over: Shapes | None) -> list[Window] | None:  # fmt: skip
    """Where cells may differ from those of the last state; None where that is not known."""
    reuse = scene.reuse
    if (reuse is None or last.frame != frame or not same(last.fixed, fixed)
            or len(last.tables) != len(tables)
            or (over is None) != (last.over is None)):  # fmt: skip
        return None
    here = np.flatnonzero(reuse.shape >= 0)
    if not len(here):
        return None
    was = reuse.shape[here]
    other = np.zeros(len(here), bool)
    for now, then in zip(tables, last.tables):
        other |= differ(now[here], then[was])
    boxes = [reuse.near, scene.surfaces.polygons.bounds()[here[other]]]
    if over is not None and last.over is not None:
        moved = _moved(over, last.over)
        if moved is None:
            return None
        boxes.append(moved)
    return windows_of(frame, np.concatenate(boxes))


def _moved(now: Shapes, then: Shapes) -> np.ndarray | None:
    """Boxes (k, 4) of what came, went or changed."""
    if now is then:
        return np.zeros((0, 4))
    pair = pairing(now.said, then.said)
    if pair is None:
        return None
    pair = np.where(same_shapes(now.polygons, then.polygons, pair), pair, -1)
    gone = np.ones(then.polygons.n, bool)
    gone[pair[pair >= 0]] = False
    boxes: np.ndarray = np.concatenate([now.polygons.bounds()[pair < 0],
                                        then.polygons.bounds()[gone]])  # fmt: skip
    return boxes


def differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays of one shape say something else; two unknowns say the same."""
    found: np.ndarray = a != b
    return found & ~((a != a) & (b != b)) if a.dtype.kind == "f" else found


def windows_of(frame: Frame, boxes: np.ndarray) -> list[Window] | None:
    """The cells about boxes (k, 4), boxes that meet taken together; None where these are so many
    that all may as well be made."""
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if len(boxes) > MOST_CHANGED:
        return None
    west = np.floor((boxes[:, 0] - frame.x0) / frame.cell).astype(np.int64) - 1
    east = np.ceil((boxes[:, 2] - frame.x0) / frame.cell).astype(np.int64) + 1
    north = np.floor((frame.y0 - boxes[:, 3]) / frame.cell).astype(np.int64) - 1
    south = np.ceil((frame.y0 - boxes[:, 1]) / frame.cell).astype(np.int64) + 1
    r0, r1 = (np.clip(v, 0, frame.rows).tolist() for v in (north, south))
    c0, c1 = (np.clip(v, 0, frame.columns).tolist() for v in (west, east))
    found = joined(list(zip(r0, r1, c0, c1)))
    cells = sum((b[1] - b[0]) * (b[3] - b[2]) for b in found)
    return found if cells <= MOST * frame.rows * frame.columns else None


def joined(windows: Sequence[Window]) -> list[Window]:
    """Windows that overlap become one: no cell is worked out twice. Empty ones go."""
    left = [b for b in windows if b[0] < b[1] and b[2] < b[3]]
    found: list[Window] = []
    while left:
        one = left.pop()
        for k, other in enumerate(left):
            if (one[0] < other[1] and other[0] < one[1]
                    and one[2] < other[3] and other[2] < one[3]):  # fmt: skip
                left[k] = (min(one[0], other[0]), max(one[1], other[1]),
                           min(one[2], other[2]), max(one[3], other[3]))  # fmt: skip
                break
        else:
            found.append(one)
    return found


def about(mask: np.ndarray, tile: int) -> list[Window]:
    """Windows that hold every cell of ``mask``: one per tile of so many cells with any in it."""
    r, c = np.divmod(np.flatnonzero(mask), mask.shape[1])
    if not len(r):
        return []
    wide = mask.shape[1] // tile + 1
    _, at = np.unique(r // tile * wide + c // tile, return_inverse=True)
    at = at.ravel()
    low = np.full((at.max() + 1, 2), max(mask.shape), np.int64)
    high = np.zeros_like(low)
    for k, values in enumerate((r, c)):
        np.minimum.at(low[:, k], at, values)
        np.maximum.at(high[:, k], at, values + 1)
    return [(a, b, x, y) for (a, x), (b, y) in zip(low.tolist(), high.tolist())]
