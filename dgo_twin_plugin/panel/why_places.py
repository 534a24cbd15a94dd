"""Selects and shows the features that an explanation speaks of; makes the page of a method card."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qgis.core import QgsProject, QgsVectorLayer

from ..engine.texts import language, text
from ..layers.read import named
from ..live.map_layer import LIVE_PROPERTY
from .zoom import zoom_to


def layer_named(project: QgsProject, name: str) -> QgsVectorLayer | None:
    """The layer that the assessment calls so; result and live layers never are."""
    for layer in project.mapLayers().values():
        if (isinstance(layer, QgsVectorLayer) and not layer.customProperty(LIVE_PROPERTY)
                and not layer.customProperty("dgo/result")
                and name in (layer.name(), named(layer))):  # fmt: skip
            return layer
    return None


def show_place(canvas: Any, layer: str | None, fids: Iterable[int], wkb: bytes, crs: str,
               project: QgsProject | None = None) -> str:  # fmt: skip
    """Select features in the user's layer and zoom to them. The active layer, the tool and any
    edit stay as they are. Gives '' or the sentence that says what could not be done."""
    project = project or QgsProject.instance()
    said = ""
    wanted = [int(fid) for fid in fids]
    if layer is not None and wanted:
        found = layer_named(project, layer)
        if found is None:
            said = text("why.panel.not_found", layer=layer)
        else:
            found.selectByIds(wanted)
    zoom_to(canvas, wkb, crs)
    return said


def card_file(indicator: str, profile: str = "", lang: str = "") -> Path:
    """The method card of an indicator as a page in the temporary folder, made anew."""
    from ..reports import cards

    lang = lang or language()
    tail = hashlib.sha256(profile.encode()).hexdigest()[:8]
    folder = Path(tempfile.gettempdir()) / "dgo_twin_cards"
    folder.mkdir(exist_ok=True)
    page = cards.html([indicator], profile, lang)
    return cards.write(folder / f"{indicator}_{lang}_{tail}.html", page)
