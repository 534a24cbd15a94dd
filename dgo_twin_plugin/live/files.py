"""Hears that a file on disk is written anew: twin, profile, norms, mapping."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from qgis.PyQt.QtCore import QFileSystemWatcher, QObject, pyqtSignal

Stamp = tuple[int, int]  # ns, bytes


def stamp(path: str) -> Stamp | None:
    """When a file was written and how long it is; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class Files(QObject):
    """Emits ``changed`` when one of the files is written, replaced, made or deleted. Editors write
    a new file and put it in the place of the old one, so the folders are followed as well."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stamps: dict[str, Stamp | None] = {}
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._look)
        self._watcher.directoryChanged.connect(self._look)

    def follow(self, files: Iterable[str]) -> None:
        """Follow these files and no others."""
        wanted = {str(Path(file).absolute()) for file in files if file}
        before = [*self._watcher.files(), *self._watcher.directories()]
        places = wanted | {str(Path(file).parent) for file in wanted}
        gone = [path for path in before if path not in places]
        if gone:
            self._watcher.removePaths(gone)
        self._stamps = {file: self._stamps.get(file, stamp(file)) for file in wanted}
        self._attend()

    def followed(self) -> set[str]:
        """The files that are followed."""
        return set(self._stamps)

    def _attend(self) -> None:
        known = {*self._watcher.files(), *self._watcher.directories()}
        places = set(self._stamps) | {str(Path(file).parent) for file in self._stamps}
        new = [path for path in sorted(places - known) if os.path.exists(path)]
        if new:
            self._watcher.addPaths(new)

    def _look(self, _path: str = "") -> None:
        now = {file: stamp(file) for file in self._stamps}
        if now != self._stamps:
            self._stamps = now
            self._attend()
            self.changed.emit()
