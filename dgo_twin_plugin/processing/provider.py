"""The Processing provider ``dgo``."""

from __future__ import annotations

import importlib
from pathlib import Path

from qgis.core import Qgis, QgsMessageLog, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..engine import resources_path
from ..engine.texts import text

ALGORITHMS = (
    "score_design",
    "check_design",
    "validate_profile",
    "create_template",
    "create_demo",
    "start_plan",
    "export_report",
    "export_scores",
    "method_cards",
    "manage_runs",
    "import_bgt",
    "import_bag",
    "import_imro",
    "import_imow",
    "import_osm",
    "import_dxf",
    "import_cityjson",
    "import_ahn",
    "classify_areas",
    "score_programme",
    "fetch_services",
)


class DgoProvider(QgsProcessingProvider):
    """Loads its algorithms one by one: one that fails to import does not take the others along."""

    def id(self) -> str:
        return "dgo"

    def name(self) -> str:
        return "DGO Twin"

    def longName(self) -> str:
        return text("algorithms.provider")

    def icon(self) -> QIcon:
        return QIcon(str(resources_path.resources() / "icon.svg"))

    def versionInfo(self) -> str:
        return plugin_version()

    def loadAlgorithms(self) -> None:
        for name in ALGORITHMS:
            try:
                module = importlib.import_module(f".{name}", __package__)
                self.addAlgorithm(module.Algorithm())
            except Exception as error:  # noqa: BLE001 - said, not swallowed: the rest stays usable
                QgsMessageLog.logMessage(
                    f"{name}: {error!r}", "DGO Twin", Qgis.MessageLevel.Critical
                )


def plugin_version() -> str:
    """The version in metadata.txt, beside the plugin or one folder up (development)."""
    here = Path(__file__).resolve().parent.parent
    for folder in (here, here.parent):
        path = folder / "metadata.txt"
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith("version="):
                    return line.partition("=")[2].strip()
    return "0"
