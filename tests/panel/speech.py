"""Every word that a widget shows or says, whatever it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qgis.gui import (
    QgsFieldComboBox,
    QgsFieldExpressionWidget,
    QgsFileWidget,
    QgsMapLayerComboBox,
)
from qgis.PyQt.QtCore import QModelIndex, Qt
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDialogButtonBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QScrollBar,
    QTabBar,
    QWidget,
)

# widgets of Qt and QGIS that are made of others: what is inside is theirs, in the language of QGIS
WHOLE = (QgsFileWidget, QgsMapLayerComboBox, QgsFieldComboBox, QgsFieldExpressionWidget, QComboBox,
         QAbstractSpinBox, QDialogButtonBox, QLineEdit, QHeaderView, QTabBar)  # fmt: skip
MOST_ROWS = 400
_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole,
          Qt.ItemDataRole.AccessibleTextRole)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One text and where it stands."""

    where: str
    kind: str
    text: str


def plain(text: str) -> str:
    """Without marks of rich text, and without the sign of a shortcut."""
    text = re.sub(r"<(style|head)\b.*?</\1>", " ", text, flags=re.S)
    text = re.sub(r"<[a-zA-Z/][^<>]*>", " ", text)
    text = text.replace("&nbsp;", " ").replace("&amp;", "&").replace("&lt;", "<").replace(
        "&gt;", ">")  # fmt: skip
    return " ".join(re.sub(r"&(\w)", r"\1", text).split())


def path(widget: Any) -> str:
    """Where a widget stands: classes and names from the top."""
    parts: list[str] = []
    while widget is not None and len(parts) < 6:
        parts.append(type(widget).__name__ + (f"#{widget.objectName()}"
                                              if widget.objectName() else ""))  # fmt: skip
        widget = widget.parent() if hasattr(widget, "parent") else None
    return " < ".join(parts)


def inside_whole(widget: QWidget, root: QWidget) -> bool:
    """Whether a widget is a part of one of Qt's or QGIS's own."""
    parent = widget.parentWidget()
    while parent is not None and widget is not root:
        if isinstance(parent, WHOLE):
            return True
        if parent is root:
            return False
        parent = parent.parentWidget()
    return False


def widgets(root: QWidget) -> Iterator[QWidget]:
    """A widget and all below it in the same window, without the insides of Qt's and QGIS's own."""
    for widget in (root, *root.findChildren(QWidget)):
        name = widget.objectName()
        if widget.window() is not root.window():
            continue
        if name.startswith("qt_") or isinstance(widget, (QScrollBar, QHeaderView)):
            continue
        if not inside_whole(widget, root):
            yield widget


def said(root: QWidget) -> Iterator[Said]:
    """Every text of a widget and of all below it."""
    for widget in widgets(root):
        where = path(widget)
        for kind, text in _of(widget):
            if text and plain(str(text)):
                yield Said(where, kind, plain(str(text)))


def _of(widget: Any) -> Iterator[tuple[str, str]]:
    yield "title", widget.windowTitle()
    yield "tip", widget.toolTip()
    yield "status", widget.statusTip()
    yield "what", widget.whatsThis()
    yield "name", widget.accessibleName()
    yield "description", widget.accessibleDescription()
    for action in widget.actions():
        yield "action", action.text()
        yield "action tip", action.toolTip()
    if isinstance(widget, QMenu):
        yield "menu", widget.title()
    if isinstance(widget, (QLabel, QAbstractButton)):
        yield "text", widget.text()
    elif isinstance(widget, QGroupBox):
        yield "title", widget.title()
    elif isinstance(widget, QLineEdit):
        yield "hint", widget.placeholderText()
    elif isinstance(widget, QPlainTextEdit):
        yield "hint", widget.placeholderText()
    elif isinstance(widget, QProgressBar):
        yield "format", widget.format()
    elif isinstance(widget, QAbstractSpinBox):
        for name in ("prefix", "suffix", "specialValueText"):
            if hasattr(widget, name):
                yield name, getattr(widget, name)()
    elif isinstance(widget, (QgsMapLayerComboBox, QgsFieldComboBox)):
        yield "choice", widget.itemText(0)  # the others are names; QGIS says what they are
    elif isinstance(widget, QComboBox):
        for index in range(widget.count()):
            yield "choice", widget.itemText(index)
            yield "choice tip", widget.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""
    elif isinstance(widget, QTabBar):
        for index in range(widget.count()):
            yield "tab", widget.tabText(index)
            yield "tab tip", widget.tabToolTip(index)
    elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from _items(widget.model())
    own = getattr(widget, "spoken", None)  # a widget that paints its words says what they are
    if callable(own):
        for text in own():
            yield "painted", text


def _items(model: Any) -> Iterator[tuple[str, str]]:
    try:
        model.columnCount()
    except TypeError:  # a plain list: Qt keeps its one column to itself
        for row in range(min(model.rowCount(), MOST_ROWS)):
            for role in _ROLES:
                text = model.data(model.index(row, 0), role)
                if isinstance(text, str):
                    yield "cell", text
        return
    for column in range(model.columnCount()):
        header = model.headerData(column, Qt.Orientation.Horizontal)
        if isinstance(header, str) and not header.isdigit():
            yield "header", header
    rows = [QModelIndex()]
    seen = 0
    while rows and seen < MOST_ROWS:
        parent = rows.pop(0)
        for row in range(model.rowCount(parent)):
            seen += 1
            for column in range(model.columnCount(parent)):
                index = model.index(row, column, parent)
                for role in _ROLES:
                    text = model.data(index, role)
                    if isinstance(text, str):
                        yield "cell", text
            first = model.index(row, 0, parent)
            if model.rowCount(first):
                rows.append(first)


def nameless(root: QWidget) -> Iterator[str]:
    """Widgets that take the focus and would tell a screen reader nothing."""
    labels = {id(label.buddy()) for label in root.findChildren(QLabel) if label.buddy()}
    for widget in widgets(root):
        tabs = widget.focusPolicy() in (Qt.FocusPolicy.TabFocus, Qt.FocusPolicy.StrongFocus,
                                        Qt.FocusPolicy.WheelFocus)  # fmt: skip
        ours = type(widget).__module__.startswith("dgo_twin_plugin")
        speaks = isinstance(widget, (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox,
                                     QAbstractSlider, QAbstractItemView))  # fmt: skip
        if not tabs or not (ours or speaks) or widget.isWindow():
            continue
        words = [widget.accessibleName()]
        if isinstance(widget, (QAbstractButton, QGroupBox)):
            words.append(widget.text() if hasattr(widget, "text") else widget.title())
        if not any(w and re.search(r"[^\W\d_]{2,}", w) for w in words) and id(
                widget) not in labels:  # fmt: skip
            yield path(widget)
