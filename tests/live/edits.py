"""Random edits of a design layer, as hands make them."""

from __future__ import annotations

import random
from typing import Any

from .plan import COLUMNS, FUNCTIONS, ROWS, feature, square


def edit(layer: Any, chance: random.Random) -> str:
    """One edit; its name."""
    if not layer.isEditable():
        layer.startEditing()
    fids = sorted(f.id() for f in layer.getFeatures())
    stack = layer.undoStack()
    kind = chance.choice(("move", "move", "shape", "attribute", "attribute", "number", "null",
                          "add", "add", "delete", "several", "undo", "undo", "redo", "save",
                          "roll back", "command"))  # fmt: skip
    if kind == "undo":
        stack.undo()
    elif kind == "redo":
        stack.redo()
    elif kind == "save":
        assert layer.commitChanges(), layer.commitErrors()
    elif kind == "roll back":
        layer.rollBack()
    elif kind == "add" or len(fids) < 6:
        place = square(chance.uniform(-1, COLUMNS), chance.uniform(-1, ROWS), chance.uniform(4, 25))
        assert layer.addFeature(feature(layer, place, function=chance.choice(FUNCTIONS)))
    elif kind == "delete":
        assert layer.deleteFeature(chance.choice(fids))
    elif kind == "several":
        assert layer.deleteFeatures(chance.sample(fids, 2))
    elif kind == "command":
        layer.beginEditCommand("command")
        for fid in chance.sample(fids, 3):
            _change(layer, fid, chance.choice(("move", "attribute")), chance)
        layer.endEditCommand() if chance.random() < 0.7 else layer.destroyEditCommand()
    else:
        _change(layer, chance.choice(fids), kind, chance)
    return kind


def _change(layer: Any, fid: int, kind: str, chance: random.Random) -> None:
    if kind == "move":
        geometry = layer.getFeature(fid).geometry()
        geometry.translate(chance.uniform(-9, 9), chance.uniform(-9, 9))
        layer.changeGeometry(fid, geometry)
    elif kind == "shape":
        layer.changeGeometry(fid, square(chance.uniform(0, COLUMNS - 1),
                                         chance.uniform(0, ROWS - 1), chance.uniform(3, 30)))
    elif kind == "attribute":
        layer.changeAttributeValue(fid, layer.fields().indexOf("function"),
                                   chance.choice(FUNCTIONS))  # fmt: skip
    elif kind == "number":
        layer.changeAttributeValue(fid, layer.fields().indexOf("height"),
                                   round(chance.uniform(3, 30), 1))  # fmt: skip
    else:
        layer.changeAttributeValue(fid, layer.fields().indexOf("dwellings"), None)
