"""All measurements, each in a fresh process, as a table on the screen and in docs/benchmarks.md.

    python3 -m bench [--quick]

No test looks at a time: a busy machine is no fault. A line that misses its target says so.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import case, models, panel
from .line import Line

REPO = Path(__file__).resolve().parent.parent
TARGET = REPO / "docs" / "benchmarks.md"
REPEATS = 3  # the quickest counts


def measure(*words: str) -> dict[str, Any]:
    """One measurement in a fresh process; which one is told meanwhile."""
    print(*words, file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "bench.parts", *words], cwd=REPO, capture_output=True, text=True,
        encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if line.startswith("BENCH "):
            return dict(json.loads(line[6:]))
    raise SystemExit(f"bench.parts {' '.join(words)} gave nothing:\n{done.stdout}\n{done.stderr}")


def quickest(key: str, *words: str) -> dict[str, Any]:
    return min((measure(*words) for _ in range(REPEATS)), key=lambda found: found[key])


def full_lines(found: dict[str, Any]) -> list[Line]:
    whole = found["marks"] + found["write"]
    told = (f"{found['features']:,} features, {found['km2']:.1f} km², {found['zones']} zones, "
            f"{found['assessed']} of 33 assessed")  # fmt: skip
    lines = [
        Line(f"full assessment ({told}): first feature read to marks", f"{found['marks']:.1f} s",
             "≤ 10 s", found["marks"] <= 10.0),
        Line("— of which reading / scene / indicators and marks",
             f"{found['read']:.1f} / {found['scene']:.1f} / {found['assess']:.1f} s", "", None),
        Line(f"— with everything written but the maps ({found['places']:,} places)",
             f"{whole:.1f} s", "", None),
    ]  # fmt: skip
    if found["memory"] is not None:
        lines.append(Line("— peak memory of the process (QGIS without a window included)",
                          f"{found['memory']:.0f} MiB", "≤ 2,048 MiB",
                          found["memory"] <= 2048.0))  # fmt: skip
    return lines


def area_lines(found: dict[str, Any]) -> list[Line]:
    ratio, read = found["qgis"] / found["ours"], found["qgis"] / found["with_read"]
    what = (f"features × zones areas ({found['features']:,} × {found['zones']}, borders of "
            f"{found['vertices']:,} vertices) against `native:intersection` + sum")  # fmt: skip
    return [
        Line(what, f"{ratio:.0f}× ({1000 * found['ours']:.0f} ms, {found['qgis']:.1f} s)", "≥ 25×",
             ratio >= 25.0),
        Line("— with the reading of both layers", f"{read:.0f}×", "≥ 12×", read >= 12.0),
        Line("— largest difference of a pair", f"{found['worst']:.1e} m²", "≤ 1e-6 m²",
             found["worst"] <= 1e-6),
    ]  # fmt: skip


def run(quick: bool) -> list[Line]:
    """All lines; ``quick`` makes everything eight times smaller, to try the script itself."""
    scale = 8 if quick else 1
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="dgo-bench-") as name:
        took: dict[int, float] = {}
        for thousands in (40, 20, 80):
            folder = Path(name) / str(thousands)
            case.write(folder, 1_000 * thousands // scale)
            found = quickest("marks", "assessment", str(folder))
            took[thousands] = found["marks"]
            if thousands == 40:
                lines += full_lines(found)
                maps = quickest("marks", "twenty", str(folder))
                lines.append(Line("the twenty (I01–I20) from maps on the same files, to marks",
                                  f"{maps['marks']:.1f} s", "≤ 3 s",
                                  maps["marks"] <= 3.0))  # fmt: skip
        growth = (took[80] - took[40]) / (took[40] - took[20])
        lines.append(Line(
            "growth: [T(80k) − T(40k)] / [T(40k) − T(20k)], to marks",
            f"{growth:.2f} ({took[20]:.1f}, {took[40]:.1f}, {took[80]:.1f} s)", "2 ± 0.3",
            abs(growth - 2.0) <= 0.3))  # fmt: skip
        for border in (160, 5_000):
            lines += area_lines(measure("areas", str(40_000 // scale), str(border)))
        moved = measure("slider", str(Path(name) / "40"))
        lines.append(Line(
            f"slider moved to marks, gaps and totals, engine only ({moved['zones']} zones), p95",
            f"{1000 * moved['p95']:.1f} ms", "≤ 10 ms", moved["p95"] <= 0.010))
        lines += panel.lines(measure)
        written = measure("results", name, str(800_000 // scale))
        lines.append(Line(
            f"{written['values']:,} place values on {written['places']:,} places written",
            f"{written['seconds']:.1f} s, {written['values'] / written['seconds']:,.0f} per s",
            "", None))  # fmt: skip
        lines += models.lines(measure, str(Path(name) / "40"))
    started = quickest("start", "load")
    lines.append(Line("plugin load added to the start of QGIS (import + initGui)",
                      f"{1000 * started['start']:.0f} ms", "≤ 50 ms", started["start"] <= 0.050))
    lines.append(Line("— unload", f"{1000 * started['unload']:.0f} ms", "", None))
    lines.append(Line("— NumPy imported by it", "yes" if started["numpy"] else "no", "no",
                      not started["numpy"]))  # fmt: skip
    return lines


def versions() -> str:
    """What it was measured with, without saying where."""
    import numpy
    from osgeo import gdal
    from qgis.core import Qgis

    return (f"{datetime.date.today().isoformat()} · {os.cpu_count()} cores · QGIS "
            f"{Qgis.QGIS_VERSION.split('-')[0]} · Python {platform.python_version()} · NumPy "
            f"{numpy.__version__} · GDAL {gdal.VersionInfo('RELEASE_NAME')}")  # fmt: skip


def table(lines: list[Line]) -> str:
    rows = [("what", "measured", "target", ""), ("---", "---", "---", "---")]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows + [line.row() for line in lines])


def main() -> None:
    arguments = argparse.ArgumentParser(prog="bench")
    arguments.add_argument("--quick", action="store_true", help="eight times smaller, no file")
    quick = arguments.parse_args().quick
    lines = run(quick)
    print(table(lines))
    if quick:
        return
    text = TARGET.read_text(encoding="utf-8") if TARGET.exists() else "# Benchmarks\n"
    head, _, rest = text.partition("<!-- table -->")
    _, _, tail = rest.partition("<!-- end -->")
    made = f"<!-- table -->\n{versions()}\n\n{table(lines)}\n<!-- end -->"
    TARGET.write_text(head + made + (tail or "\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
