"""The log of the plugin: the tab of QGIS, and a file in the user's profile that rolls over.

The file is opened for each entry and closed again, so that two windows of QGIS may share it and
nothing is left open. A log that cannot be written never stops the work.
"""

from __future__ import annotations

import datetime
import os
import threading
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsMessageLog

from ..project import options
from ..store.target import without_secrets

TAB = "DGO Twin"  # of QGIS's log panel
MOST = 512_000  # bytes of one file
KEPT = 2  # older files: dgo_twin.log.1, dgo_twin.log.2
_lock = threading.Lock()


def log_file() -> Path:
    """The file that is written to now; it may not be there yet."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "dgo_twin" / "dgo_twin.log"


def write(level: str, said: str, detail: str = "") -> None:
    """An entry of a level of :data:`options.LEVELS`, from any thread. ``detail``: a traceback,
    for the file alone. Passwords are taken out."""
    said, detail = without_secrets(said), without_secrets(detail)
    levels = Qgis.MessageLevel
    kind = {"error": levels.Critical, "warning": levels.Warning}.get(level, levels.Info)
    if options.LEVELS.index(level) > options.LEVELS.index(options.get(options.LOG_LEVEL)):
        return
    QgsMessageLog.logMessage(said, TAB, kind, False)
    now = datetime.datetime.now().isoformat(" ", "seconds")
    entry = f"{now} {level.upper():<7} {said}\n"
    if detail:
        entry += "".join(f"    {line}\n" for line in detail.rstrip().splitlines())
    try:
        with _lock:
            _append(log_file(), entry)
    except OSError:
        pass  # a full or read-only disk: the tab of QGIS has the entry


def _append(path: Path, entry: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size + len(entry) > MOST:
        for number in range(KEPT, 0, -1):
            older = path if number == 1 else path.with_name(f"{path.name}.{number - 1}")
            if older.is_file():
                os.replace(older, path.with_name(f"{path.name}.{number}"))
    with path.open("a", encoding="utf-8") as stream:
        stream.write(entry)


def tail(most: int = 200_000) -> str:
    """The last ``most`` bytes of the log as text, whole lines; '' where there is none."""
    try:
        with log_file().open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - most))
            found = stream.read()
    except OSError:
        return ""
    if size > most:
        found = found.partition(b"\n")[2]
    return found.decode("utf-8", "replace")
