"""From sources to receivers: what arrives per group of sources and period.

Per receiver and sector (:mod:`.sectors`) every source in it is one path: line divergence in closed
form, air, ground, screening over the hull of what its ray meets (:mod:`.hull`), weather and the
reflection by a facade behind the source (:mod:`.attenuation`; docs/decisions/0006). A receiver
depends only on what is within its reach, so an edit is worked out as a difference: what the changed
sources and the sectors over changed ground gave before is taken off, what they give now is added.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from ...counts import owners, ranges
from ...hands import helping, lent
from ...pulse import beat
from ...words import Cancelled
from ..sums import weighed
from ..tables import constants
from . import attenuation as loss
from .change import Change, change, same_rows, sectors_over
from .hull import Bands, bands, detours, edge_of, mirrored
from .lines import HOURS, Lines
from .obstacles import Obstacles
from .sectors import Met, Parts, Pieces, Walls, met_walls, parts_of, pieces_of

CHUNK = 20_000  # sectors of receivers worked on at once, about: what a processor has at hand
FITS = 16_000  # paths whose octaves fit in a cache of a processor
TILE = 200.0  # m: receivers are taken tile by tile
THREADS = 2
N_PERIODS = len(HOURS)
WEIGHTS = np.array([12.0, 4.0 * 10**0.5, 80.0]) / 24.0  # of day, evening, night in Lden


@dataclass(frozen=True, eq=False)
class Run:
    """What arrived. ``energy`` (m, groups, 3) relative to 1 pW/m2."""

    receivers: np.ndarray  # (m, 3) x, y, height above the ground
    energy: np.ndarray
    lines: Lines
    group: np.ndarray  # (k,) group of each line
    obstacles: Obstacles
    sectors: int

    @property
    def levels(self) -> np.ndarray:
        """(m, groups, 3) LAeq per period, dB(A); -inf where no source reaches."""
        return decibel(self.energy)

    @property
    def lden(self) -> np.ndarray:
        """(m,) of all groups together, dB."""
        return decibel(weighed(self.energy.sum(axis=1), WEIGHTS))


def decibel(energy: np.ndarray) -> np.ndarray:
    """10 lg, with -inf for nothing."""
    with np.errstate(divide="ignore"):
        found: np.ndarray = 10.0 * np.log10(np.maximum(energy, 0.0))
    return found


def levels(
    lines: Lines, obstacles: Obstacles, receivers: np.ndarray, group: np.ndarray, n_groups: int
) -> np.ndarray:
    """(m, n_groups, 3) LAeq dB(A) at ``receivers`` (m, 3); -inf where no source reaches.

    ``group`` (k,) says to which group each line belongs.
    """
    return run(lines, obstacles, receivers, group, n_groups).levels


def sectors_for(what: str) -> int:
    """How many sectors around a receiver: of a ``facade`` or of a ``field``."""
    return int(constants("propagation")["method"]["sectors"][what])


def _longest(method: dict[str, Any], sectors: int) -> float:
    """m: the longest piece of a source worked with at once, with so many sectors."""
    many = sectors <= int(method["sectors"]["many"])
    return float(method["piece_many" if many else "piece"])


def run(
    lines: Lines, obstacles: Obstacles, receivers: np.ndarray, group: np.ndarray, n_groups: int,
    sectors: int | None = None,
) -> Run:  # fmt: skip
    """All receivers from nothing. ``sectors``: a multiple of 18; those of facades where none."""
    receivers = np.asarray(receivers, float).reshape(-1, 3)
    group = np.asarray(group, np.int64)
    sectors = sectors or sectors_for("facade")
    energy = _energy(lines, obstacles, receivers, group, n_groups, sectors)
    return Run(receivers, energy, lines, group, obstacles, sectors)


def update(
    previous: Run, lines: Lines, obstacles: Obstacles, receivers: np.ndarray, group: np.ndarray
) -> Run:
    """The same as :func:`run`, from what a run before gave: only what changed is worked out.

    Receivers that stood in the previous run keep their energy, corrected for the sources and the
    sectors that changed; new ones are worked out in full. Where much changed all is worked out:
    that is quicker than twice what changed.
    """
    receivers = np.asarray(receivers, float).reshape(-1, 3)
    group = np.asarray(group, np.int64)
    n_groups = previous.energy.shape[1]
    old, new = same_rows(previous.receivers, receivers)
    reaches = _reaches(previous.lines), _reaches(lines)
    found = change(previous.lines, previous.group, previous.obstacles, lines, group, obstacles,
                   float(constants("propagation")["reach"]["obstacles"]),
                   float(reaches[1].max(initial=0.0)))  # fmt: skip
    if 2 * len(new) < len(receivers) or found.much:
        return run(lines, obstacles, receivers, group, n_groups, previous.sectors)
    energy = np.zeros((len(receivers), n_groups, N_PERIODS))
    fresh = np.ones(len(receivers), bool)
    fresh[new] = False
    if fresh.any():
        energy[fresh] = _energy(lines, obstacles, receivers[fresh], group, n_groups,
                                previous.sectors)  # fmt: skip
    energy[new] = previous.energy[old]
    if not found.nothing:
        rows = found.reached(receivers[new], *reaches)
        at = new[rows]
        energy[at] = _corrected(previous, found, lines, obstacles, group, receivers[at], energy[at])
    return Run(receivers, energy, lines, group, obstacles, previous.sectors)


def brought_up(
    previous: Run | None, lines: Lines, obstacles: Obstacles, receivers: np.ndarray,
    group: np.ndarray, n_groups: int, sectors: int | None = None,
) -> Run:  # fmt: skip
    """:func:`update` where the previous run is of the same kind, else :func:`run`."""
    sectors = sectors or sectors_for("facade")
    if previous is None or previous.energy.shape[1] != n_groups or previous.sectors != sectors:
        return run(lines, obstacles, receivers, group, n_groups, sectors)
    return update(previous, lines, obstacles, receivers, group)


def _corrected(
    previous: Run, found: Change, lines: Lines, obstacles: Obstacles, group: np.ndarray,
    receivers: np.ndarray, energy: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """``energy`` with the share of what changed taken off and put on again."""
    n_groups = energy.shape[1]

    def part(lines: Lines, group: np.ndarray, obstacles: Obstacles, rows: np.ndarray,
             boxes: np.ndarray | None) -> np.ndarray:  # fmt: skip
        if not len(rows):
            return np.zeros_like(energy)
        return _energy(lines.take(rows), obstacles, receivers, group[rows], n_groups,
                       previous.sectors, boxes)  # fmt: skip

    out = energy.copy()
    before, now = (previous.lines, previous.group, previous.obstacles), (lines, group, obstacles)
    for sign, state, gone, kept in ((-1.0, before, found.removed, found.kept_old),
                                    (1.0, now, found.added, found.kept)):  # fmt: skip
        out += sign * part(*state, gone, None)
        if len(found.boxes):
            out += sign * part(*state, kept, found.boxes)
    # what is left of a difference of equals is nothing
    out[np.abs(out) < 1e-9 * np.abs(energy)] = 0.0
    return np.maximum(out, 0.0)


# --- sources --------------------------------------------------------------------------------------
def _watts(lines: Lines) -> np.ndarray:
    """(k, 3, 8) power per metre relative to 1 pW/m; nothing where it is no number."""
    power = np.where(np.isfinite(lines.power), np.minimum(lines.power, 200.0), -np.inf)
    found: np.ndarray = np.exp(power * loss.TO_ENERGY)
    return found


def _reaches(lines: Lines) -> np.ndarray:
    """(k,) m: how far each line counts, by its free level Lden (models/propagation.yml)."""
    told = constants("propagation")["reach"]
    den = weighed(_watts(lines).sum(axis=2), WEIGHTS)
    # an endless line: W / (4 d)
    far = den / 4.0 / 10.0 ** (float(told["level"]) / 10.0)
    reach: np.ndarray = np.clip(far, float(told["sources"]), float(told["strong"]))
    return np.where(den > 0, reach, 0.0)


# --- the work -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Job:
    """What all chunks share."""

    pieces: Pieces
    walls: Walls
    obstacles: Obstacles
    height: np.ndarray  # (k,) of the lines, float32
    power: np.ndarray  # (24, k) float32: period-major, then band
    group: np.ndarray
    n_groups: int
    sectors: int
    reach: float  # m: of obstacles
    boxes: np.ndarray | None  # (b, 5): only sectors that reach over one of them (change.py)
    stop: threading.Event


def _energy(
    lines: Lines, obstacles: Obstacles, receivers: np.ndarray, group: np.ndarray, n_groups: int,
    sectors: int, boxes: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """(m, n_groups, 3). Receivers on one place share its geometry; NaN receivers get nothing."""
    told = constants("propagation")
    energy = np.zeros((len(receivers), n_groups, N_PERIODS))
    used, group = np.unique(group, return_inverse=True)  # no sums for groups without a line
    # a point of all the power of a piece gives that level: W l / (4 pi d2)
    faint = weighed(_watts(lines).sum(axis=2), WEIGHTS) / (
        4.0 * np.pi * 10.0 ** (float(told["method"]["faint"]) / 10.0))  # fmt: skip
    pieces = pieces_of(lines.x0, lines.y0, lines.x1, lines.y1, _reaches(lines),
                       _longest(told["method"], sectors), faint)  # fmt: skip
    good = np.flatnonzero(np.isfinite(receivers).all(axis=1))
    if not len(good) or not len(pieces.line):
        return energy
    o = obstacles
    job = _Job(
        pieces, Walls(o.x0, o.y0, o.x1, o.y1, o.height.astype(np.float32), o.reflects), o,
        np.where(np.isfinite(lines.height), np.maximum(lines.height, 0.0), 0.5).astype(np.float32),
        _watts(lines).reshape(lines.n, -1).T.astype(np.float32), group, len(used),
        sectors, float(told["reach"]["obstacles"]), boxes,
        threading.Event(),
    )  # fmt: skip
    # places in order along a curve of tiles, so that a chunk lies together
    tile = np.floor(receivers[good, :2] / TILE)
    snake = np.where(tile[:, 0] % 2 == 0, tile[:, 1], -tile[:, 1])
    good = good[np.lexsort((receivers[good, 1], receivers[good, 0], snake, tile[:, 0]))]
    begin = _places(receivers[good])
    chunks = max(round(len(good) * sectors / CHUNK), 1)
    cut = np.searchsorted(begin, np.arange(1, chunks) * len(good) // chunks)
    parts = np.split(good, begin[np.unique(cut[cut < len(begin)])])

    def one(rows: np.ndarray) -> None:
        energy[rows[:, None], used] = _chunk(job, receivers[rows])

    _shared([partial(one, rows) for rows in parts], job.stop)
    return energy


def _shared(work: Iterable[Callable[[], None]], stop: threading.Event) -> None:
    """All work on :data:`THREADS` threads, while this one hears whether the user asks to stop."""
    with lent(), ThreadPoolExecutor(THREADS) as pool:
        left: set[Future[None]] = {pool.submit(helping, each) for each in work}
        try:
            while left:
                beat()
                done, left = wait(left, timeout=0.05)
                for future in done:
                    future.result()
        except BaseException:
            stop.set()
            for future in left:
                future.cancel()
            raise


def _places(receivers: np.ndarray) -> np.ndarray:
    """The first receiver of each place; those of one place stand together."""
    return np.flatnonzero(np.any(np.diff(receivers[:, :2], axis=0, prepend=np.nan) != 0, axis=1))


def _chunk(job: _Job, receivers: np.ndarray) -> np.ndarray:
    """(m, groups, 3) of receivers sorted by place."""
    if job.stop.is_set():
        raise Cancelled
    first = np.append(_places(receivers), len(receivers))
    xy = receivers[first[:-1], :2]
    energy = np.zeros((N_PERIODS, len(receivers) * job.n_groups))
    mask = None
    if job.boxes is not None:
        mask = sectors_over(xy, job.boxes, job.sectors)
    parts = parts_of(xy, job.pieces, job.sectors, mask)
    if len(parts.ray):
        low, high = xy.min(axis=0), xy.max(axis=0)
        box = float(low[0]), float(low[1]), float(high[0]), float(high[1])
        near = job.walls.near(box, job.reach)
        heights = receivers[:, 2].astype(np.float32)
        met = met_walls(xy, near, _limit(job, parts, len(xy)))
        over = _bands(met, near, heights, first, job.sectors)
        paths = _paths(job, xy, first, parts, met, over)
        for begin in range(0, len(paths.last), FITS):
            _batch(job, heights, paths.cut(begin, begin + FITS), over, energy)
    return energy.T.reshape(len(receivers), job.n_groups, N_PERIODS)


def _limit(job: _Job, parts: Parts, places: int) -> np.ndarray:
    """(places, sectors) m: each ray goes as far as its farthest source, and on to the facade that
    may stand behind it; 0 where it has no source."""
    within = float(constants("propagation")["reflection"]["within"])
    step = job.reach / 60_000.0  # whole numbers of two bytes sort in no time
    far = np.ceil(np.minimum(parts.distance + within, job.reach) / step).astype(np.uint16)
    order = np.argsort(far, kind="stable")
    limit = np.zeros(places * job.sectors)
    limit[parts.ray.take(order)] = far.take(order) * step  # the farthest is the last to be written
    return np.minimum(limit, job.reach).reshape(places, -1)


def _softness(obstacles: Obstacles, xy: np.ndarray, parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    """G near the source, and on the way: the mean of three places on it."""
    x, y = xy[parts.site, 0], xy[parts.site, 1]
    near = obstacles.softness(x + parts.dx, y + parts.dy)
    if obstacles.soft is None:
        return near, near
    way = np.zeros_like(near)
    for t in (1 / 6, 0.5, 5 / 6):
        way += obstacles.softness(x + t * parts.dx, y + t * parts.dy)
    return near, way / np.float32(3.0)


@dataclass(frozen=True)
class _Paths:
    """Ways from parts of sources to receivers; arrays (k,)."""

    receiver: np.ndarray
    last: np.ndarray  # the last edge of the bands before the source, or the receiver
    line: np.ndarray
    distance: np.ndarray
    along0: np.ndarray
    along1: np.ndarray
    square: np.ndarray
    soft_s: np.ndarray
    soft_m: np.ndarray

    def cut(self, begin: int, end: int) -> _Paths:
        return _Paths(*(getattr(self, f.name)[begin:end] for f in fields(self)))


def _paths(
    job: _Job, xy: np.ndarray, first: np.ndarray, parts: Parts, met: Met, over: Bands
) -> _Paths:
    """The paths of the parts: one for every receiver on a place."""
    nth = met.passed(parts.ray, parts.distance)
    given = [parts.line, parts.distance, parts.along0, parts.along1, parts.square,
             *_softness(job.obstacles, xy, parts)]  # fmt: skip
    ray, receiver = parts.ray, parts.site
    if len(first) <= first[-1]:  # places with more than one receiver
        receiver, path = ranges(first[receiver], first[receiver + 1])
        nth, *given = (v.take(path) for v in (nth, *given))
        ray = (ray - parts.site * job.sectors).take(path) + receiver * job.sectors
    return _Paths(receiver, edge_of(over, ray, nth), *given)


def _bands(met: Met, walls: Walls, heights: np.ndarray, first: np.ndarray, sectors: int) -> Bands:
    """What every receiver meets in every sector; receivers on one place meet the same."""
    start, count = met.start[:-1], np.diff(met.start)
    if len(first) <= len(heights):
        place = owners(np.diff(first))
        start, count = (v.reshape(-1, sectors).take(place, axis=0).ravel() for v in (start, count))
    dull = np.where(walls.reflects, np.float32(0.0), np.float32(np.inf))
    return bands(start, count, met.far, walls.height.take(met.wall),
                 met.far + dull.take(met.wall), np.repeat(heights, sectors))  # fmt: skip


def _batch(
    job: _Job, heights: np.ndarray, paths: _Paths, over: Bands, energy: np.ndarray
) -> None:
    """Add what comes along some paths to ``energy`` (3, receivers * groups); ``heights`` of the
    receivers, float32."""
    told = constants("propagation")
    line, distance = paths.line, paths.distance
    zr, zs = heights.take(paths.receiver), job.height.take(line)
    hr, hs = _one(zr), _one(zs)
    rise2 = (hr - hs) ** 2
    nearest = float(told["reach"]["nearest"]) ** 2
    strength = loss.line_energy(paths.along0, paths.along1,
                                np.maximum(paths.square + rise2, nearest))  # fmt: skip
    strength *= np.exp(loss.weather(hs, hr, distance, loss.air().c0) * -loss.TO_ENERGY)
    way = np.sqrt(np.maximum(distance * distance + rise2, nearest))
    d = np.maximum(distance, np.float32(1e-3))
    # a facade close behind the source throws its sound back
    behind = mirrored(over, paths.last, d, told["reflection"]["within"])
    gain = 10.0 ** (float(told["reflection"]["gain"]) / 10.0)
    strength *= np.float32(1.0) + np.float32(gain - 1.0) * behind
    share = loss.path_energy(loss.ground(hs, hr, d, paths.soft_s, paths.soft_m, paths.soft_m),
                             _screened(over, paths.last, d, zs, zr, way))  # fmt: skip
    for band, per_metre in enumerate(loss.air().absorption):
        share[band] *= np.exp(way * np.float32(-per_metre * loss.TO_ENERGY))
    cell = paths.receiver * job.n_groups + job.group.take(line)
    for period in range(N_PERIODS):
        power = job.power[period * loss.N_BANDS : (period + 1) * loss.N_BANDS]
        heard = share[0] * power[0].take(line)
        for band in range(1, loss.N_BANDS):
            heard += share[band] * power[band].take(line)
        energy[period] += np.bincount(cell, heard * strength, energy.shape[1])


def _one(values: np.ndarray) -> np.ndarray:
    """(1,) where all are equal, as heights mostly are: what follows of them is found once."""
    return values[:1] if values.min() == values.max() else values


def _screened(
    over: Bands, last: np.ndarray, d: np.ndarray, zs: np.ndarray, zr: np.ndarray, way: np.ndarray
) -> np.ndarray | None:
    """(8, k) share of the energy that comes over the edges, 1 where none screens; None where none
    does at all."""
    found = detours(over, last, d, zs, zr)
    if not found.screened.any():
        return None
    share = loss.screen_energy(found.detour, found.between, found.to_source, found.to_receiver, way)
    return np.maximum(share, ~found.screened, out=share)
