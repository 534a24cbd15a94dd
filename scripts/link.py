"""Lets a QGIS profile load this checkout: a plugin folder of links that QGIS takes for real.

    scripts/link.py                      into the default profile of the desktop
    scripts/link.py --plugins FOLDER     into another folder with plugins
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
PLUGIN = "dgo_twin_plugin"
BESIDE = ("profiles", "resources", "metadata.txt", "LICENSE", "CHANGELOG.md")


def default_plugins() -> Path:
    """The folder with plugins of the default profile of QGIS 3 on this system."""
    custom = os.environ.get("QGIS_CUSTOM_CONFIG_PATH")
    if custom:
        base = Path(custom)
    elif sys.platform == "win32":
        base = Path(os.environ["APPDATA"]) / "QGIS" / "QGIS3"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support" / "QGIS" / "QGIS3"
    else:
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        base = Path(data) / "QGIS" / "QGIS3"
    return base / "profiles" / "default" / "python" / "plugins"


def link(plugins: Path) -> Path:
    """Make or refresh the folder of links in ``plugins``. Real files there are left alone."""
    folder = plugins / PLUGIN
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_symlink():
            old.unlink()
        elif old.name != "__pycache__":
            raise SystemExit(f"{folder} holds an installed plugin: take it away in QGIS first.")
    own = (p for p in (REPO / PLUGIN).iterdir() if p.name != "__pycache__")
    for source in (*own, *(REPO / name for name in BESIDE)):
        (folder / source.name).symlink_to(source, target_is_directory=source.is_dir())
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=Path, default=None)
    print(f"Linked: {link(parser.parse_args().plugins or default_plugins())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
