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


def set_live(provider: Any) -> None:
    """While a live session runs: a function without arguments that gives its assessment, or None.
    Expressions then answer from it; ``set_live(None)`` brings back the stored runs. The function is
    called in drawing threads."""
    from . import live

    live.set_live(provider)
