"""Columns that a QGIS expression makes: where a twin file names a column, it may hold one.

An entry that starts with ``=`` is an expression over the layer's own fields, evaluated here while
the layer is read; the engine sees a column with that text as its name. Only the feature itself is
looked at: what asks other layers is refused, since a worker reads while the project lives on, and
what asks the project or the user is empty, so that everybody gets the same marks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from qgis.core import QgsExpression, QgsExpressionContext, QgsFeature, QgsFeatureRequest, QgsFields

from ..engine.checks import Check
from ..engine.texts import text
from ..engine.twin import is_expression
from ..engine.words import IMPORTANT

# Functions that look beyond the feature, and groups of them (names as QGIS gives them).
BEYOND = {
    "aggregate", "relation_aggregate", "get_feature", "get_feature_by_id", "is_selected",
    "num_selected", "layer_property", "raster_value", "raster_statistic", "raster_attributes",
    "eval", "eval_template", "load_layer", "env", "dgo_mark", "dgo_value", "dgo_status",
    "represent_value", "represent_attributes", "display_expression", "maptip", "attributes_json",
    "sqlite_fetch_and_increment", "try_layer", "decode_uri",
}  # fmt: skip
GROUPS = {"Aggregates", "Map Layers", "Rasters"}
OVERLAYS = "overlay_"


class Computed:
    """Expressions over the features of one input; columns (n,) in the order of :meth:`add`."""

    def __init__(self, layer: str, source: Any, entry: dict[str, Any],
                 wanted: Iterable[str]) -> None:  # fmt: skip
        self.layer = layer
        self.names = sorted(w for w in set(wanted) if is_expression(w))
        fields = source.fields() if self.names else QgsFields()
        self.names = [name for name in self.names if fields.indexOf(name) < 0]
        self.values: list[list[Any]] = [[] for _ in self.names]
        self.needed: list[int] = []  # attributes that the expressions ask
        self._for = used_for(entry)
        self._errors: list[Counter[str]] = [Counter() for _ in self.names]
        self._context = QgsExpressionContext()
        self._expressions: list[QgsExpression | None] = []
        if not self.names:
            return
        self._context.setFields(fields)
        for name, errors in zip(self.names, self._errors):
            expression = QgsExpression(name[1:].strip())
            why = problem(expression, fields)
            if why:
                errors[why] = 0
                self._expressions.append(None)
                continue
            self.needed += _asked(expression, fields)
            expression.prepare(self._context)
            self._expressions.append(expression)

    def add(self, feature: QgsFeature) -> None:
        """The values of one feature."""
        if not self.names:
            return
        self._context.setFeature(feature)
        for expression, values, errors in zip(self._expressions, self.values, self._errors):
            if expression is None:
                value = None
                errors[next(iter(errors))] += 1
            else:
                value = expression.evaluate(self._context)
                if expression.hasEvalError():
                    errors[expression.evalErrorString().strip()] += 1
                    value = None
            values.append(value)

    def checks(self) -> list[Check]:
        """What went wrong: per expression the most frequent error, with how many features had
        one."""
        found = []
        for name, errors in zip(self.names, self._errors):
            if not errors or (total := sum(errors.values())) == 0:
                continue
            detail = min(errors, key=lambda error: (-errors[error], error))
            found.append(Check("bad_expression", IMPORTANT, "field", self.layer, field=name,
                               params={"count": total, "detail": detail,
                                       "canonical": self._for.get(name, name)}))  # fmt: skip
        return found


def used_for(entry: dict[str, Any]) -> dict[str, str]:
    """Expression -> the key of the twin file that holds it."""
    found = {str(v): str(k) for k, v in reversed((entry.get("fields") or {}).items())}
    for key in ("function", "type"):
        if entry.get(key):
            found[str(entry[key])] = key
    return found


def problem(expression: QgsExpression, fields: QgsFields) -> str:
    """Why an expression cannot be used for a layer with these fields; '' where it can."""
    if expression.hasParserError():
        return str(expression.parserErrorString()).strip()
    for name in sorted(expression.referencedColumns() - {QgsFeatureRequest.ALL_ATTRIBUTES}):
        if fields.lookupField(name) < 0:
            return text("mapping.expression.no_field", field=name)
    for name in sorted(expression.referencedFunctions()):
        if _looks_beyond(name):
            return text("mapping.expression.beyond", name=name)
    return ""


def _looks_beyond(name: str) -> bool:
    if name in BEYOND or name.startswith(OVERLAYS):
        return True
    index = QgsExpression.functionIndex(name)
    return index >= 0 and bool(GROUPS & set(QgsExpression.Functions()[index].groups()))


def _asked(expression: QgsExpression, fields: QgsFields) -> list[int]:
    """The attributes that an expression reads; all of them where it does not say."""
    named = expression.referencedColumns()
    if QgsFeatureRequest.ALL_ATTRIBUTES in named:
        return list(range(fields.count()))
    return [index for name in named if (index := fields.lookupField(name)) >= 0]
