"""The mixing panel: from a move of a slider, weight or switch to the painted rows.

    QT_QPA_PLATFORM=offscreen python3 -m bench.slider [--zones 12] [--moves 200]

All 33 indicators in so many zones with given values; the rows stand in a scroll area of a dock's
size. A move is: the new mix, everything judged again, the rows made, handed to the widgets, and
what asks for it painted (the events of Qt worked off). The size of a design plays no part: nothing
of a design is touched.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if str(Path(__file__).resolve().parent.parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from .line import Line  # noqa: E402

TARGET = 10.0  # ms, p95 (design 7)
BUILD = 150.0  # ms, all rows at once


def spread(times: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the longest of times in ms."""
    ordered = sorted(times)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "most": ordered[-1]}


def timed(work: Callable[[int], Any], moves: int, warm: int = 10) -> dict[str, float]:
    """The spread of so many calls, after some that do not count. ``own``: p95 of the processor's
    time alone, which another process on the machine does not lengthen."""
    times, own = [], []
    for i in range(-warm, moves):
        begin, busy = time.perf_counter(), time.thread_time()
        work(i)
        if i >= 0:
            times.append(1000.0 * (time.perf_counter() - begin))
            own.append(1000.0 * (time.thread_time() - busy))
    return {**spread(times), "own": spread(own)["p95"]}


class Panel:
    """The rows in a scroll area, as the dock has them."""

    def __init__(self, zones: int, width: int = 360, height: int = 700) -> None:
        from qgis.PyQt.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget

        from dgo_twin_plugin.engine.mix import Mix
        from dgo_twin_plugin.engine.norms import load_profile
        from dgo_twin_plugin.engine.row_view import row_views
        from dgo_twin_plugin.engine.texts import set_language
        from dgo_twin_plugin.panel.widgets.row import IndicatorRow
        from tests.panel.mix_case import assessment

        set_language("nl")
        self.app = QApplication.instance() or QApplication([])
        self.profile = load_profile("utrecht-proposal-2026")
        self.assessment = assessment(self.profile, [f"GT{1 + i % 11:02d}" for i in range(zones)])
        self.mix, self.row_views, self.scope, self.zone = Mix(), row_views, "zone 4", 4
        self.views: Any = row_views(self.assessment, self.mix, self.scope, self.zone)
        begin = time.perf_counter()
        self.area, body = QScrollArea(), QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.rows = {view.indicator: IndicatorRow(view) for view in self.views}
        for row in self.rows.values():
            column.addWidget(row)
        self.area.setWidgetResizable(True)
        self.area.setWidget(body)
        self.area.resize(width, height)
        self.made = 1000.0 * (time.perf_counter() - begin)
        self.area.show()
        self.app.processEvents()
        self.shown = 1000.0 * (time.perf_counter() - begin)

    def judge(self, mix: Any) -> Any:
        """The engine's part."""
        self.mix = mix
        return self.assessment.judged(*mix.laid(self.profile))

    def lay(self, mix: Any, paint: bool = True) -> None:
        """One move, as the dock does it."""
        judged = self.judge(mix)
        for view in self.row_views(judged, mix, self.scope, self.zone):
            self.rows[view.indicator].show_view(view)
        if paint:
            self.app.processEvents()


def run(zones: int = 12, moves: int = 200) -> list[Line]:
    """Measure; the lines of the table."""
    panel = Panel(zones)
    first = panel.views[0].indicator
    key = panel.views[3].key

    def slid(i: int) -> Any:
        return panel.mix.with_ambition(panel.scope, key, 5.0 + 0.01 * (i % 300))

    def weighed(i: int) -> Any:
        return panel.mix.with_weight(first, 0.5 + 0.01 * (i % 400))

    def switched(i: int) -> Any:
        return panel.mix.with_off(first, i % 2 == 0)

    def whole(i: int) -> Any:
        from dgo_twin_plugin.engine.scores import rejudge

        fresh = [dataclasses.replace(p) for p in panel.assessment.prepared.values()]
        return rejudge(fresh, *slid(i).laid(panel.profile))

    def all_painted(i: int) -> None:
        del i
        panel.area.widget().update()
        for row in panel.rows.values():
            row.update()
            row.track.update()
            row.badge.update()
        panel.app.processEvents()

    told = f"33 indicators × {zones} zones"
    lines = []

    def add(what: str, found: dict[str, float], target: float | None = None) -> None:
        shown = (f"{found['p50']:.2f} / {found['p95']:.2f} / {found['p99']:.2f} / "
                 f"{found['most']:.2f} ms; processor p95 {found['own']:.2f} ms")  # fmt: skip
        lines.append(Line(what, shown, "" if target is None else f"p95 ≤ {target:g} ms",
                          None if target is None else found["p95"] <= target))  # fmt: skip

    add(f"slider moved ({told}): judged, rows made, painted (p50 / p95 / p99 / longest)",
        timed(lambda i: panel.lay(slid(i)), moves), TARGET)  # fmt: skip
    add("weight moved: the same", timed(lambda i: panel.lay(weighed(i)), moves), TARGET)
    add("switched off or on: the same", timed(lambda i: panel.lay(switched(i)), moves), TARGET)
    engine = timed(lambda i: panel.judge(slid(i)), moves)
    add("— the engine's part of a slider", engine, 3.0)
    full = timed(whole, moves)
    add("— the same without what was kept", full)
    add("— all rows in view painted anew", timed(all_painted, moves))
    lines.append(Line("— kept against not kept", f"{full['p50'] / engine['p50']:.0f}×", "", None))
    lines.append(Line("33 rows made", f"{panel.made:.0f} ms", f"≤ {BUILD:g} ms",
                      panel.made <= BUILD))  # fmt: skip
    lines.append(Line("— made, laid out and painted for the first time", f"{panel.shown:.0f} ms",
                      "", None))  # fmt: skip
    panel.area.close()
    panel.area.deleteLater()
    return lines


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--zones", type=int, default=12)
    words.add_argument("--moves", type=int, default=200)
    given = words.parse_args()
    for line in run(given.zones, given.moves):
        print(" | ".join(line.row()))
