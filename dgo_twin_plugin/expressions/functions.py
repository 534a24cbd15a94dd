"""The expression functions.

``dgo_mark(indicator, scope)``: ``scope`` is ``'plan'`` (the default), the number of a zone,
``'zone'`` (the zone of the feature at hand: its field ``zone_id``, else the zone that the feature
was found in) or ``'feature'`` (the feature at
hand itself: a feature of a result layer, or of the layer that was scored). ``'total'`` and the
names of the themes stand beside the indicators; ``'green'`` is the indicator, ``'theme green'`` its
theme. What was not assessed gives NULL.

While a live session runs the answers are the live ones, but for the layers of a stored run, which
go on telling their own.
"""

from __future__ import annotations

import html
from typing import Any

from qgis.core import QgsExpression, QgsExpressionFunction, QgsProject

from ..engine.indicators import indicator_ids
from ..engine.texts import has_text, language, text
from ..engine.words import THEMES, DgoError
from . import live
from .live import LiveRows
from .run import Current, Rows

GROUP = "DGO Twin"
PLAN, ZONE, FEATURE = "plan", "zone", "feature"
THEME = "theme "  # before the name of a theme that is an indicator as well
# function -> column of scores; of a place there are only value and mark
COLUMNS = {"dgo_mark": "mark", "dgo_value": "value", "dgo_status": "status"}


class Function(QgsExpressionFunction):  # type: ignore[misc] # QGIS carries no types
    """One function; QGIS calls :meth:`func`."""

    def __init__(self, name: str, current: Current) -> None:
        parameters = [QgsExpressionFunction.Parameter("indicator"),
                      QgsExpressionFunction.Parameter("scope", True, PLAN)]  # fmt: skip
        super().__init__(name, parameters, GROUP, help_text(name))
        self.column, self.current = COLUMNS[name], current

    def clone(self) -> QgsExpressionFunction:
        return Function(self.name(), self.current)

    def usesGeometry(self, node: Any) -> bool:  # noqa: N802 - the name is QGIS's
        return False

    def isStatic(self, node: Any, parent: Any, context: Any) -> bool:  # noqa: N802
        # never: the answer follows the run on top of the project
        return False

    def referencedColumns(self, node: Any) -> set[str]:  # noqa: N802
        return {"*"}  # the zone of the feature, whichever layer it is in

    def func(self, values: list[Any], context: Any, parent: Any, node: Any) -> Any:
        """Evaluate; a mistake becomes the error of the expression, with its remedy."""
        indicator = str(values[0] or "").strip()
        scope = values[1] if len(values) > 1 else PLAN
        try:
            return self.answer(indicator, scope, context)
        except DgoError as error:
            if parent is not None:
                parent.setEvalErrorString(text(error.message))
            return None

    def answer(self, indicator: str, scope: Any, context: Any) -> Any:
        """The value asked for, or None. Raises ``DgoError`` for an unknown name or scope."""
        if not known(indicator):
            raise DgoError("expressions.unknown", name=indicator, known=", ".join(names()))
        layer = str((context.variable("layer_id") if context is not None else None) or "")
        # of the run that a result layer belongs to, else live, else of the run on top
        rows: LiveRows | Rows | None = self.current.rows_of(layer)
        if rows is None:
            rows = live.rows() or self.current.rows()
        if rows is None:
            return None
        feature = context.feature() if context is not None and context.hasFeature() else None
        word = str(scope).strip().lower()
        if word == FEATURE:
            name = str((context.variable("layer_name") if context is not None else None) or "")
            return self._of_feature(rows, indicator, name, feature)
        if word == ZONE:
            number = None if feature is None else self._zone_of(rows, feature, context)
            return None if number is None else self._of_zone(rows, indicator, number)
        if word in (PLAN, "", "none", "null"):
            return self._of_zone(rows, indicator, 0)
        try:
            return self._of_zone(rows, indicator, int(float(word)))
        except ValueError:
            raise DgoError("expressions.scope", scope=str(scope)) from None

    def _zone_of(self, rows: Rows | LiveRows, feature: Any, context: Any) -> int | None:
        """The zone of a feature: its field ``zone_id``, else where the assessment found it."""
        number = _attribute(feature, "zone_id")
        if number is not None:
            return int(number)
        return rows.zone(str(context.variable("layer_name") or ""), feature.id())

    def _of_zone(self, rows: Rows | LiveRows, name: str, zone: int) -> Any:
        table = rows.scores
        if name not in indicator_ids():  # green is an indicator first: its theme is 'theme green'
            table, name = rows.totals, name[len(THEME):] if name.startswith(THEME) else name
        row = table.get((name, zone))
        return None if row is None else row.get(self.column)

    def _of_feature(self, rows: Rows | LiveRows, indicator: str, layer: str, feature: Any) -> Any:
        if feature is None:
            return None
        own = _attribute(feature, "source_fid")
        if own is not None and _attribute(feature, "source_layer") is not None:
            source, zone = str(_attribute(feature, "source_layer")), _attribute(feature, "zone_id")
            place = rows.place(indicator, source, int(own), None if zone is None else int(zone))
        else:
            place = rows.place(indicator, layer, feature.id())
        if place is None:
            return None
        if self.column == "status":
            return _status_of(place["mark"])
        return place.get(self.column)


def _status_of(mark: float | None) -> str:
    """A place has no ambition of its own: it meets the minimum or not."""
    from ..engine import words

    if mark is None:
        return words.NOT_ASSESSED
    return words.OK if mark >= 6.0 - 1e-9 else words.BELOW_MINIMUM


def _attribute(feature: Any, name: str) -> Any:
    index = feature.fieldNameIndex(name)
    value = feature.attribute(index) if index >= 0 else None
    return None if value is None or str(value) == "NULL" else value


def names() -> tuple[str, ...]:
    """What the first argument may be."""
    indicators = indicator_ids()
    themes = (f"{THEME}{t}" if t in indicators else t for t in THEMES)
    return (*indicators, *themes, "total")


def known(name: str) -> bool:
    """Whether a name means something; every theme may be named as ``theme water``, too."""
    return name in names() or (name.startswith(THEME) and name[len(THEME):] in THEMES)


def help_text(name: str) -> str:
    """The help that QGIS shows beside the list of functions."""
    column = COLUMNS[name]
    listed = ", ".join(f"<code>{n}</code>" for n in names())
    about = text(f"expressions.about.{column}")
    lines = [
        f"<h3>{name}</h3>",
        f"<p>{html.escape(about)}</p>",
        f"<h4>{text('expressions.syntax')}</h4><p><code>{name}(<i>indicator</i>"
        "[, <i>scope</i>])</code></p>",
        f"<p><b>indicator</b>: {html.escape(text('expressions.indicator'))} {listed}</p>",
        f"<p><b>scope</b>: {html.escape(text('expressions.scopes'))}</p>",
        f"<h4>{text('expressions.examples')}</h4><ul>"
        f"<li><code>{name}('traffic_noise')</code></li>"
        f"<li><code>{name}('green', 2)</code></li>"
        f"<li><code>{name}('traffic_noise', 'zone')</code></li>"
        f"<li><code>{name}('traffic_noise', 'feature')</code></li></ul>",
        f"<p>{html.escape(text('why.expressions.uses'))}</p>",
        f"<p>{html.escape(text('why.expressions.live'))}</p>",
    ]
    assert has_text(f"expressions.about.{column}", language())
    return "".join(lines)


class Registration:
    """The functions as registered; ended when the plugin goes."""

    def __init__(self) -> None:
        self.current = Current(QgsProject.instance())
        self.functions = [Function(name, self.current) for name in COLUMNS]
        for function in self.functions:
            QgsExpression.unregisterFunction(function.name())
            QgsExpression.registerFunction(function)

    def end(self) -> None:
        for name in COLUMNS:
            QgsExpression.unregisterFunction(name)
        self.current.end()
        self.functions = []
