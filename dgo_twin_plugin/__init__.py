"""DGO twin: report marks for a spatial design, by area type. QGIS starts here."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:  # noqa: N802 - the name is QGIS's
    """Hand QGIS the plugin; ``iface`` is None where QGIS runs without a window."""
    from .plugin import DgoTwinPlugin

    return DgoTwinPlugin(iface)
