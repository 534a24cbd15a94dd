"""The dock: pick the inputs, score in the background, read the marks and what was found."""

from __future__ import annotations

from typing import Any


def create_dock(iface: Any) -> Any:  # noqa: QGS105 - QGIS hands it to the plugin
    """The dock ``dgo_twin_dock``, not yet added to a window. All imports happen here."""
    from .dock import Dock

    return Dock(iface)
