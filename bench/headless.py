"""A QGIS without a window, in a profile of its own, for one measuring process."""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_kept: list[Any] = []


def start() -> Any:
    """The application; ended with the process."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    profile = tempfile.TemporaryDirectory(prefix="dgo-bench-")
    os.environ["QGIS_CUSTOM_CONFIG_PATH"] = profile.name
    if sys.platform != "win32":
        os.environ["XDG_RUNTIME_DIR"] = profile.name
    from qgis.core import QgsApplication

    application = QgsApplication([], True, profile.name)
    application.initQgis()
    plugins = str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins")
    if plugins not in sys.path:
        sys.path.append(plugins)
    _kept.extend([application, profile])
    atexit.register(profile.cleanup)
    atexit.register(application.exitQgis)  # before that
    return application
