"""`make demo`: makes the demo plan, scores its two variants by qgis_process, prints the marks.

Only public algorithms are called: dgo:createdemo and dgo:scoredesign. All files are left in
build/demo/.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPO), str(REPO / "scripts")]

from headless import Headless, HeadlessError  # noqa: E402
from link import link  # noqa: E402

from dgo_twin_plugin.engine.marks import shown as mark_shown  # noqa: E402
from dgo_twin_plugin.engine.texts import has_text, text  # noqa: E402
from dgo_twin_plugin.engine.words import THEMES  # noqa: E402

VARIANTS = ("twin-a.yml", "twin-b.yml")
COUNTED = {"breaches": "breaches, certain or possible", "alerts": "alerts", "checks": "checks"}


def name_of(key: str, otherwise: str) -> str:
    """A text of the English catalogue, or what stands for it."""
    return text(key, "en") if has_text(key, "en") else otherwise


def shown(value: float | None, digits: int = 1) -> str:
    """A number, or a dash where there is none: missing is not zero."""
    return "–" if value is None else f"{value:.{digits}f}"


def runs_of(store: sqlite3.Connection) -> list[tuple[str, str]]:
    """(run_id, scenario) of every run in the results, oldest first."""
    rows = store.execute(
        "SELECT run_id, max(scenario) FROM scores GROUP BY run_id ORDER BY min(rowid)"
    ).fetchall()
    return [(str(run), str(scenario)) for run, scenario in rows]


def table(gpkg: Path) -> list[str]:
    """The marks of the plan as a whole: a row per indicator, a column per variant."""
    store = sqlite3.connect(f"{gpkg.as_uri()}?mode=ro", uri=True)
    store.row_factory = sqlite3.Row
    try:
        runs = runs_of(store)
        per_run = {
            run: {
                row["indicator"]: row
                for row in store.execute(
                    "SELECT * FROM scores WHERE run_id = ? AND zone_id = 0 ORDER BY code", (run,)
                )
            }
            for run, _ in runs
        }
        totals = {
            run: {
                row["theme"]: row
                for row in store.execute(
                    "SELECT * FROM totals WHERE run_id = ? AND zone_id = 0", (run,)
                )
            }
            for run, _ in runs
        }
        counts = {
            run: {
                name: store.execute(
                    f"SELECT count(*) FROM {name} WHERE run_id = ?", (run,)
                ).fetchone()[0]
                for name in COUNTED
            }
            for run, _ in runs
        }
    finally:
        store.close()

    head = f"{'':4} {'':33}" + "".join(f" | {scenario[:30]:>30}" for _, scenario in runs)
    rule = "-" * len(head)
    lines = [head, f"{'':4} {'':33}" + f" | {'value':>23} {'mark':>6}" * len(runs), rule]
    indicators = {i: row["code"] for rows in per_run.values() for i, row in rows.items()}
    for indicator, code in sorted(indicators.items(), key=lambda item: item[1]):
        line = f"{code:4} {name_of(f'indicators.{indicator}.name', indicator)[:33]:33}"
        for run, _ in runs:
            row = per_run[run].get(indicator)
            if row is None:
                line += f" | {'':30}"
                continue
            law = " §" if row["legal_check"] == "exceeds" else ""
            known = row["value"] is not None
            value = f"{shown(row['value'], 2)} {row['unit'] if known else row['status']}{law}"
            line += f" | {value[:23]:>23} {mark_shown(row['mark'], 'en'):>6}"
        lines.append(line)
    lines.append(rule)
    for theme in (*THEMES, "total"):
        cells = []
        for run, _ in runs:
            row = totals[run].get(theme)
            # a total is never shown without its breaches of the law
            cells.append(
                ""
                if row is None
                else mark_shown(row["mark"], "en", row["n_breach"])
                + (f"{row['n_breach']}" if row["n_breach"] else "")
            )
        if any(cells):
            name = name_of(f"words.theme.{theme}", theme)
            lines.append(f"{'':4} {name[:33]:33}" + "".join(f" | {cell:>30}" for cell in cells))
    lines.append(rule)
    for name, label in COUNTED.items():
        lines.append(f"{'':4} {label:33}" + "".join(f" | {counts[r][name]:>30}" for r, _ in runs))
    lines.append("§ = certain breach of a legal limit")
    return lines


def apart(gpkg: Path) -> list[str]:
    """What would be there without the plan, what plan and measures change; the plan as a whole."""
    store = sqlite3.connect(f"{gpkg.as_uri()}?mode=ro", uri=True)
    try:
        rows = store.execute(
            "SELECT scenario, indicator, part, unit, autonomous, plan, measures, value "
            "FROM contributions WHERE zone_id = 0 AND autonomous IS NOT NULL AND influence = 1"
        ).fetchall()
    finally:
        store.close()
    if not rows:
        return []
    lines = [
        f"{rows[0][0]}: taken apart, where the plan changes 5 % or more",
        f"{'':33}{'autonomous':>12}{'plan':>12}{'measures':>12}{'value':>12}",
    ]
    for _, indicator, part, unit, *numbers in rows:
        name = f"{name_of(f'indicators.{indicator}.name', indicator)} {part}"[:32]
        lines.append(f"{name:33}" + "".join(f"{shown(x, 2):>12}" for x in numbers) + f" {unit}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=REPO / "build" / "demo")
    folder = parser.parse_args().folder.resolve()

    build = REPO / "build"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    plugins = build / "plugins"
    link(plugins)
    start = time.monotonic()
    output = folder / "result.gpkg"
    try:
        qgis = Headless(build / "demo-profile", plugins)
        print(f"{qgis.version}: {qgis.program}")
        qgis.run("dgo:createdemo", FOLDER=folder)
        for twin in VARIANTS:
            print(f"dgo:scoredesign TWIN={twin} …", flush=True)
            # the improved variant also shows what its plan and its measures bring
            more = {"CONTRIBUTIONS": "true"} if twin == VARIANTS[-1] else {}
            qgis.run("dgo:scoredesign", TWIN=folder / twin, OUTPUT=output, **more)
    except HeadlessError as error:
        print(error, file=sys.stderr)
        return 1
    if not output.is_file():
        print(f"dgo:scoredesign said it was done, but there is no {output}", file=sys.stderr)
        return 1
    print()
    print("\n".join(table(output)))
    print()
    print("\n".join(apart(output)))
    print()
    print(f"{time.monotonic() - start:.0f} s. Results: {output}")
    print("The norms are a proposal, not adopted by any authority (voorstel, niet vastgesteld).")
    project = folder / "demo.qgz"
    # the results as a group of the project, as QGIS itself lays them there after a run
    subprocess.run(
        [sys.executable, str(REPO / "scripts" / "show_results.py"), str(project), str(output)],
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    print(f"Open it with:  QGIS_PLUGINPATH={plugins} qgis {project}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
