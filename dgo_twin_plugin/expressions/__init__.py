"""Marks as QGIS expressions: ``dgo_mark``, ``dgo_value``, ``dgo_status``."""

from __future__ import annotations

from typing import Any


def register() -> Any:
    """Make the functions known to QGIS; hands back what :func:`unregister` needs."""
    from .functions import Registration

    return Registration()


def unregister(registration: Any) -> None:
    """Take them away again."""
    registration.end()
