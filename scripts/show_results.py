"""Adds the result groups of a results file to a project: show_results.py PROJECT RESULTS."""

from __future__ import annotations

import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO))


def main(project_file: str, results: str) -> int:
    from qgis.core import QgsApplication, QgsProject

    from dgo_twin_plugin.layers.group import add_results
    from dgo_twin_plugin.store.runs import list_runs

    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    if not project.read(project_file):
        print(f"cannot read {project_file}", file=sys.stderr)
        return 1
    # newest first in the list, first scenario on top in the project
    for run in list_runs(results):
        group = add_results(project, results, run["run_id"])
        group.setItemVisibilityChecked(False)
        group.setExpanded(False)
    project.write()
    project.clear()
    application.exitQgis()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
