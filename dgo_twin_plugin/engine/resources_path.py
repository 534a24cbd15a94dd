"""Where profiles/ and resources/ are: beside the plugin in the repository, inside it in the zip."""

from __future__ import annotations

from pathlib import Path

from .words import DgoError

PLUGIN = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder ``name`` of the package, else of the repository.

    Raises ``DgoError`` where neither is there: the installation is incomplete.
    """
    for parent in (PLUGIN, PLUGIN.parent):
        found = parent / name
        if found.is_dir():
            return found
    raise DgoError("errors.install.folder", folder=name, plugin=str(PLUGIN))


def profiles() -> Path:
    """Folder with the shipped profiles, functions, defaults, roles and mappings (YAML)."""
    return folder("profiles")


def resources() -> Path:
    """Folder with icons, styles and templates."""
    return folder("resources")
