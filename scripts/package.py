"""Builds dist/dgo_twin_plugin-<version>.zip, byte for byte the same from the same files.

In the zip the plugin folder holds profiles/, resources/, metadata.txt and LICENSE as well, and of
docs/ what its help button opens: the guides, their pictures, and the pages they link to.
"""

from __future__ import annotations

import argparse
import configparser
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
PLUGIN = "dgo_twin_plugin"
FOLDERS = ("profiles", "resources")
FILES = ("metadata.txt", "LICENSE", "CHANGELOG.md")
DOCS, GUIDES = "docs", ("guide.md", "guide.nl.md")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")  # of Markdown, to a file
LEAVE_OUT = {"__pycache__", ".DS_Store"}
TIME = (1980, 1, 1, 0, 0, 0)  # zip's own zero: no clock in the package


def version() -> str:
    """The version that metadata.txt names."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(REPO / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def contents() -> Iterator[tuple[str, Path]]:
    """Name in the zip and file, of everything that goes in."""
    for folder, top in ((PLUGIN, PLUGIN), *((f, f"{PLUGIN}/{f}") for f in FOLDERS)):
        for path in (REPO / folder).rglob("*"):
            inside = path.relative_to(REPO / folder)
            if path.is_file() and not LEAVE_OUT & set(inside.parts) and path.suffix != ".pyc":
                yield f"{top}/{inside.as_posix()}", path
    for path in help_files():
        yield f"{PLUGIN}/{path.relative_to(REPO).as_posix()}", path
    for name in FILES:
        yield f"{PLUGIN}/{name}", REPO / name


def help_files() -> list[Path]:
    """The guides and what they refer to. Exits where a link of theirs leads nowhere."""
    folder = REPO / DOCS
    found = {folder / name for name in GUIDES}
    for guide in sorted(found):
        for target in LINK.findall(guide.read_text(encoding="utf-8")):
            path = (guide.parent / target).resolve()
            if not path.is_file() or folder not in path.parents:
                raise SystemExit(f"{guide.name} refers to {target}, which is not in {DOCS}/")
            found.add(path)
    return sorted(found)


def build(folder: Path) -> Path:
    """Write the zip into ``folder``; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PLUGIN}-{version()}.zip"
    part = target.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for name, path in sorted(contents()):
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, path.read_bytes())
    part.replace(target)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO / "dist")
    made = build(parser.parse_args().folder)
    print(f"{made} ({made.stat().st_size / 1e6:.2f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
