"""The panel that answers "why this mark": shows a :class:`~..engine.why.Why`.

It computes nothing itself and knows no map: ``place_asked`` and ``card_asked`` say what is wanted.
Needs only Qt.
"""

from __future__ import annotations

import html
import re
from typing import Any

from qgis.PyQt.QtCore import QEvent, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import text
from ..engine.why_told import Fact, Why, percent, union
from .why_list import Bar, BarList
from .why_parts import Link, Text
from .widgets.badge import Badge

_HOLD = ((re.compile(r"(?<=[\d)]) \u2013 (?=[\d\u2212(])"), "\u00a0\u2013\u2060\u00a0"),
         (re.compile(r" = (?=[\d\u2212])"), " =\u00a0"), (re.compile(r"(?<=g)/(?=m)"), "/\u2060"),
         (re.compile(r"(?<=%)-(?=\w)"), "\u2011"),
         (re.compile(r"(?<=\d) (?=%|dB|mm|m\u00b2|\u00b5g)"), "\u00a0"))  # stays on one line
_BRACKETS = re.compile(r"\([^()]{1,40}\)")
BRIEF = 170  # characters of what a mark does not say, before it is opened
STACKED = 430  # px: narrower than this the label stands above its sentence
LABEL = 104  # px, wide column of labels
# what everybody asks first; the rest opens below "more"
FIRST = ("reason", "measured", "norm", "sum", "lowest", "certainty", "ambition", "law", "legal",
         "source", "coverage", "change")  # fmt: skip
_SELECT = Qt.TextInteractionFlag.TextSelectableByMouse | (
    Qt.TextInteractionFlag.TextSelectableByKeyboard)  # fmt: skip
_SOON = 60  # ms after the last new numbers
_TOLD = 1500  # ms that "copied" stays


def _held(found: re.Match[str]) -> str:
    """What stands in brackets of a sum is not broken."""
    inside = found.group()
    return inside.replace(" ", "\u00a0") if any(c.isdigit() for c in inside) else inside


class WhyPanel(QWidget):
    """Why one mark is what it is. ``place_asked(layer name | None, feature ids, wkb)``: select
    and show these features, ``wkb`` in world coordinates of ``crs``; ``card_asked(indicator)``:
    open the method card; ``closed``: back to the indicators."""

    place_asked = pyqtSignal(object, object, object)
    card_asked = pyqtSignal(str)
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: Why | None = None
        self.stale = False
        self._more = False
        self._stacked: bool | None = None
        self._labels: dict[str, tuple[Text, Text]] = {}
        self._order: list[str] = []
        self._laid: tuple[str, ...] | None = None
        self._texts: list[Text] = []
        self._due: tuple[Any, Any, Any, Any] | None = None  # what is to be explained anew
        self.setObjectName("dgo_why")
        self._build()
        self._retell()
        self.clear()

    # --- building -----------------------------------------------------------------------------
    def _text(self, share: float = 1.0, factor: float = 1.0, bold: bool = False) -> Text:
        made = Text(self.page, self, share, factor, bold)
        self._texts.append(made)
        return made

    def _build(self) -> None:
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.page = QWidget()
        self.area.setWidget(self.page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.area)
        self.back = self._button("closed")
        self.title = self._text(factor=1.3, bold=True)
        self.title.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.badge = Badge(self.page, 1.05)
        self.subtitle = self._text(0.72, 0.95)
        self.zones_head, self.zones = self._head(), BarList(self.page)
        self.counts_head, self.counts = self._head(), BarList(self.page)
        self.rest = self._text(0.72, 0.95)
        self.more = self._button("more")
        self.more.setCheckable(True)
        self.says_not = self._text(0.72, 0.95)
        self.note = self._text(0.72, 0.9)
        self.map, self.card, self.copy = (self._button(x) for x in ("show", "card", "copy"))
        self.selectable(self.title, self.subtitle, self.says_not)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        self.links = QGridLayout()
        self.links.setHorizontalSpacing(14)
        self.links.setVerticalSpacing(0)
        self.grid, self.rest_grid = QGridLayout(), QGridLayout()
        column = QVBoxLayout(self.page)
        column.setContentsMargins(12, 6, 12, 10)
        column.setSpacing(3)
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(head)
        column.addWidget(self.subtitle)
        column.addSpacing(5)
        column.addLayout(self.grid)
        for head_, list_ in ((self.zones_head, self.zones), (self.counts_head, self.counts)):
            column.addSpacing(5)
            column.addWidget(head_)
            column.addWidget(list_)
        column.addWidget(self.rest)
        column.addSpacing(3)
        column.addLayout(self.links)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self.rest_grid)
        column.addSpacing(3)
        column.addWidget(self.says_not)
        column.addWidget(self.note)
        column.addStretch(1)
        self.back.clicked.connect(self._on_back)
        self.map.clicked.connect(self._on_map)
        self.card.clicked.connect(self._on_card)
        self.copy.clicked.connect(self._on_copy)
        self.more.toggled.connect(self._on_more)
        self.zones.asked.connect(self._on_zone)
        self.counts.asked.connect(self._on_feature)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON)
        self._soon.timeout.connect(self._catch_up)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TOLD)
        self._timer.timeout.connect(self._retell)

    @staticmethod
    def selectable(*labels: QLabel) -> None:
        """Text that can be selected and copied, with the keyboard too."""
        for label in labels:
            label.setTextInteractionFlags(_SELECT)

    def _head(self) -> Text:
        return self._text(bold=True, factor=0.98)

    def _button(self, name: str) -> Link:
        made = Link(self.page)
        made.setObjectName(f"dgo_why_{name}")
        return made

    def _retell(self) -> None:
        """The words of buttons and headings in the language in force."""
        for button, key, sign in ((self.back, "close", "\u2039 "), (self.map, "show", ""),
                                  (self.card, "card", ""), (self.copy, "copy", "")):  # fmt: skip
            button.setText(sign + text(f"why.panel.{key}"))
            button.setToolTip(text(f"why.panel.{key}_tip"))
            button.setAccessibleName(text(f"why.panel.{key}"))
            button.updateGeometry()
        open_ = "less" if self._more else "more"
        sign = "\u25be" if self._more else "\u25b8"
        self.more.setText(f"{sign} {text(f'why.panel.{open_}')}")
        self.more.setAccessibleName(text(f"why.panel.{open_}"))
        self.zones_head.setText(text("why.head.zones"))

    # --- showing ------------------------------------------------------------------------------
    def explain(self, assessment: Any, mix: Any, zone: int, indicator: str,
                former: Any = None, former_mix: Any = None) -> None:  # fmt: skip
        """Work out and show why an indicator has its mark in a zone (0: the plan)."""
        from ..engine.why import why  # here: only this needs the engine

        self.show_why(why(assessment, mix, zone, indicator, former, former_mix))

    def follow(self, assessment: Any, mix: Any, former: Any = None, former_mix: Any = None) -> None:
        """New numbers came: explain the same mark anew, a moment later and only where somebody
        looks, so that a slider never waits for it."""
        if self.found is None:
            return
        self._due = (assessment, mix, former, former_mix)
        if self.isVisible():
            self._soon.start()

    def _catch_up(self) -> None:
        due, self._due = self._due, None
        if due is None or self.found is None:
            return
        assessment, mix, former, former_mix = due
        found = self.found
        if found.indicator not in assessment.prepared or found.zone > assessment.scene.n_zones:
            self.clear()  # switched out of the run, or the zone is gone
            return
        self.explain(assessment, mix, found.zone, found.indicator, former, former_mix)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        if self._due is not None:
            self._soon.start()

    def show(self, *given: Any, **named: Any) -> None:
        """Without arguments make the widget visible, as every widget; else :meth:`explain`."""
        if given or named:
            self.explain(*given, **named)
        super().show()

    def clear(self) -> None:
        """Nothing chosen."""
        self.found = self._due = None
        for widget in self._all():
            widget.hide()
        self.subtitle.setText(html.escape(text("why.panel.none")))
        self.subtitle.show()

    def _all(self) -> tuple[QWidget, ...]:
        return (self.title, self.badge, self.zones_head, self.zones,
                self.counts_head, self.counts, self.rest, self.more, self.says_not, self.note,
                self.map, self.card, self.copy,
                *(w for pair in self._labels.values() for w in pair))  # fmt: skip

    def show_why(self, found: Why) -> None:
        """Show an explanation; what the user had opened, scrolled or chosen stays."""
        other = self.found is None or (self.found.indicator, self.found.zone) != (
            found.indicator, found.zone)  # fmt: skip
        self.found, self._due = found, None
        self.stale = False
        self.page.setUpdatesEnabled(False)  # one painting, not one per line
        try:
            self._retell()
            self._fill(found)
        finally:
            self.page.setUpdatesEnabled(True)
        self._shade()
        self.setAccessibleName(found.title)
        self.setAccessibleDescription(found.subtitle)
        if other:
            self.area.verticalScrollBar().setValue(0)

    def _fill(self, found: Why) -> None:
        self._set(self.title, found.title)
        self.badge.show_mark(found.mark, found.badge)
        self.badge.show()
        self._set(self.subtitle, found.subtitle)
        self._facts(found)
        self.zones.show_bars([
            Bar(line.split(": ", 1)[0], line.split(": ", 1)[-1].split(" (")[0], pull.share,
                percent(pull.share, found.lang), pull.mark, line, line)
            for pull, line in zip(found.pulls, found.pulls_text)])  # fmt: skip
        self.zones_head.setVisible(bool(found.pulls))
        self.zones.setAccessibleName(self.zones_head.text())
        rows = () if found.counts is None else found.counts.rows
        bars = []
        for k, row in enumerate(rows):
            line = found.counted_text(k)
            about = " \u00b7 ".join(x for x in (
                row.value_text, "" if row.layer is None else f"{row.layer} {row.fid}") if x)
            spoken = text("why.panel.feature_about", name=row.name,
                          share=percent(row.share, found.lang))  # fmt: skip
            bars.append(Bar(row.name, about, row.share, percent(row.share, found.lang), row.mark,
                            spoken, line))  # fmt: skip
        self.counts.show_bars(bars)
        self._set(self.counts_head, found.counts_head if rows else "")
        self.counts.setAccessibleName(found.counts_head)
        self._set(self.rest, found.counts_rest)
        self._limits(found)
        self._set(self.note, found.note)
        self.back.updateGeometry()
        self.map.setVisible(bool(rows or found.pulls))
        self.card.show()
        self.copy.show()
        self._lay_links()

    def _limits(self, found: Why) -> None:
        """What the mark does not say: its first sentences, all of them when opened."""
        label, said = text("why.head.says_not", found.lang), found.says_not
        if not self._more and len(said) > BRIEF:
            end = said.find(". ", BRIEF // 2)
            if 0 < end < 2 * BRIEF:
                said = said[: end + 1] + " \u2026"
        self.says_not.setText(f"<b>{html.escape(label)}</b> {html.escape(said, quote=False)}")
        self.says_not.show()

    def _set(self, label: Text, words: str, strong: str = "") -> None:
        for pattern, held in _HOLD:
            words, strong = pattern.sub(held, words), pattern.sub(held, strong)
        words = _BRACKETS.sub(_held, words)
        shown = html.escape(words, quote=False).replace("\n", "<br>")
        if strong:
            at = shown.rfind(html.escape(strong, quote=False))
            if at >= 0:
                end = at + len(html.escape(strong, quote=False))
                shown = f"{shown[:at]}<b>{shown[at:end]}</b>{shown[end:]}"
        if label.text() != shown:
            label.setText(shown)
        label.setVisible(bool(words))

    def _facts(self, found: Why) -> None:
        facts = list(found.facts)
        if found.changes:
            facts.append(Fact("change", text("why.head.change", found.lang),
                              "\n".join(found.changes)))  # fmt: skip
        told = {fact.key: fact for fact in facts}
        for fact in facts:
            if fact.key not in self._labels:
                name, said = self._text(0.72), self._text()
                self.selectable(said)
                self._labels[fact.key] = name, said
                self._stacked = None
        hidden = 0
        for key, (name, said) in self._labels.items():
            fact = told.get(key)
            shown = fact is not None and (self._more or key in FIRST)
            if fact is not None:
                hidden += key not in FIRST
                self._set(name, fact.label)
                self._set(said, fact.text, fact.strong)
                said.setAccessibleName(f"{fact.label}: {fact.text}")
            name.setVisible(shown)
            said.setVisible(shown)
        self.more.setVisible(hidden > 0)
        self._order = [fact.key for fact in facts]
        self._lay_out()

    # --- layout -------------------------------------------------------------------------------
    def _lay_out(self, force: bool = False) -> None:
        """Two columns, or label above sentence where there is little room."""
        stacked = self.width() < STACKED
        order = tuple(self._order)
        if not force and self._stacked == stacked and order == self._laid:
            return
        self._stacked, self._laid = stacked, order
        for grid in (self.grid, self.rest_grid):
            while grid.count():
                grid.takeAt(0)
            grid.setHorizontalSpacing(10)
            grid.setVerticalSpacing(1 if stacked else 4)
            wide = max([LABEL, *(self._labels[k][0].sizeHint().width() for k in order)])
            grid.setColumnMinimumWidth(0, 0 if stacked else min(wide, 2 * LABEL))
            grid.setColumnStretch(0, 1 if stacked else 0)
            grid.setColumnStretch(1, 0 if stacked else 1)
        for key in order:
            name, said = self._labels[key]
            grid = self.grid if key in FIRST else self.rest_grid
            row = grid.rowCount()
            name.setSizePolicy(QSizePolicy.Policy.Ignored if stacked
                               else QSizePolicy.Policy.Preferred,
                               QSizePolicy.Policy.Preferred)  # fmt: skip
            name.setContentsMargins(0, 4 if stacked else 0, 0, 0)
            grid.addWidget(name, row, 0)
            grid.addWidget(said, row + 1 if stacked else row, 0 if stacked else 1)
        self._tab_order()

    def _lay_links(self) -> None:
        """The links beside each other, below each other where there is no room."""
        while self.links.count():
            self.links.takeAt(0)
        margins = self.page.layout().contentsMargins()
        room = self.width() - margins.left() - margins.right() - 16  # and a scroll bar
        buttons = [b for b in (self.map, self.card, self.copy) if not b.isHidden()]
        wide = sum(b.sizeHint().width() + 14 for b in buttons) - 14
        for k, button in enumerate(buttons):
            row, column = (0, k) if wide <= room else (k, 0)
            self.links.addWidget(button, row, column, Qt.AlignmentFlag.AlignLeft)
        self.links.setColumnStretch(len(buttons), 1)

    def _tab_order(self) -> None:
        chain: list[QWidget] = [self.back, self.title]
        chain += [self._labels[k][1] for k in self._order if k in FIRST]
        chain += [self.zones, self.counts, self.map, self.card, self.copy, self.more]
        for one, next_ in zip(chain, chain[1:]):
            QWidget.setTabOrder(one, next_)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._lay_out()
        self._lay_links()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange,
                            QEvent.Type.StyleChange):  # fmt: skip
            for label in getattr(self, "_texts", ()):
                label.restyle()

    # --- stale --------------------------------------------------------------------------------
    def set_stale(self, on: bool) -> None:
        """Grey what is shown: something changed and the new numbers are not there yet."""
        if self.found is None or on == self.stale:
            return
        self.stale = on
        words = self.found.subtitle
        if on:
            words += " \u00b7 " + text("why.panel.stale")
        self._set(self.subtitle, words)
        self._shade()

    def _shade(self) -> None:
        share = 0.5 if self.stale else 1.0
        for _, said in self._labels.values():
            said.shade(share)
        self.zones.fade(self.stale)
        self.counts.fade(self.stale)
        if self.found is not None:
            self.badge.show_mark(self.found.mark, self.found.badge, self.stale)

    # --- what the user does -------------------------------------------------------------------
    def _on_back(self) -> None:
        self.closed.emit()

    def _on_card(self) -> None:
        if self.found is not None:
            self.card_asked.emit(self.found.indicator)

    def _on_copy(self) -> None:
        if self.found is None:
            return
        QApplication.clipboard().setText(self.found.to_text())
        self.copy.setText(text("why.panel.copied"))
        self._lay_links()
        self._timer.start()

    def _on_more(self, on: bool) -> None:
        self._more = on
        self._retell()
        if self.found is not None:
            self._facts(self.found)
            self._limits(self.found)

    def _on_zone(self, k: int) -> None:
        if self.found is not None and 0 <= k < len(self.found.pulls):
            self.place_asked.emit(None, [], self.found.pulls[k].wkb)

    def _on_feature(self, k: int) -> None:
        if self.found is None or self.found.counts is None:
            return
        row = self.found.counts.rows[k]
        self.place_asked.emit(row.layer, [] if row.fid is None else [row.fid], row.wkb)

    def _on_map(self) -> None:
        """All features of the list, layer by layer; the zones where there are no features."""
        if self.found is None:
            return
        rows = () if self.found.counts is None else self.found.counts.rows
        if not rows:
            if self.found.pulls:
                self.place_asked.emit(None, [], union([p.wkb for p in self.found.pulls]))
            return
        whole = union([row.wkb for row in rows])
        by_layer: dict[str | None, list[int]] = {}
        for row in rows:
            own = by_layer.setdefault(row.layer, [])
            if row.fid is not None:
                own.append(row.fid)
        for layer, fids in by_layer.items():
            self.place_asked.emit(layer, fids, whole)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)
