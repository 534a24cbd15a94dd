"""Fields that both QGIS 3.22 (QVariant types) and QGIS 4 (QMetaType) accept."""

from __future__ import annotations

from qgis.core import Qgis, QgsField
from qgis.PyQt.QtCore import QMetaType, QVariant


def _kind(name: str) -> object:
    """A field type. QGIS takes QMetaType from 3.38 on, and QGIS 4 has no QVariant.Type."""
    if Qgis.QGIS_VERSION_INT >= 33800:
        return getattr(QMetaType.Type, "QString" if name == "String" else name)
    return getattr(QVariant.Type, name)


def text_field(name: str) -> QgsField:
    return QgsField(name, _kind("String"))


def number_field(name: str) -> QgsField:
    return QgsField(name, _kind("Double"))


def whole_field(name: str) -> QgsField:
    return QgsField(name, _kind("LongLong"))


def yes_no_field(name: str) -> QgsField:
    return QgsField(name, _kind("Bool"))
