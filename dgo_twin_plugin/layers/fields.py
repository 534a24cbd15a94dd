"""Fields that both QGIS 3.22 (QVariant types) and QGIS 4 (QMetaType) accept."""

from __future__ import annotations

from qgis.core import Qgis, QgsField
from qgis.PyQt.QtCore import QMetaType, QVariant


def _kind(name: str) -> object:
    """``name`` as in QMetaType. QGIS takes QMetaType from 3.38 on."""
    if Qgis.QGIS_VERSION_INT >= 33800:
        return getattr(QMetaType.Type, name)
    return {"QString": QVariant.String, "Double": QVariant.Double, "Int": QVariant.Int,
            "LongLong": QVariant.LongLong, "Bool": QVariant.Bool}[name]  # fmt: skip


def text_field(name: str) -> QgsField:
    return QgsField(name, _kind("QString"))


def number_field(name: str) -> QgsField:
    return QgsField(name, _kind("Double"))


def whole_field(name: str) -> QgsField:
    return QgsField(name, _kind("LongLong"))


def yes_no_field(name: str) -> QgsField:
    return QgsField(name, _kind("Bool"))
