"""The dated copies of a project folder: one GeoPackage or GeoTIFFs per service, and a note beside.

A copy is there whole or not at all: it is made under other names and moved when complete, its note
last. The note says what was asked of whom, when, under which licence, and what came.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsLayerMetadata, QgsProviderRegistry, QgsRasterLayer, QgsRectangle

from ..engine.words import DgoError
from .catalogue import Service

NOTE = ".bron.json"


@dataclass(frozen=True)
class Copy:
    """What stands in the folder of one service."""

    fetched: datetime.datetime  # UTC
    fingerprint: str
    plane: str  # authority code of the CRS of ``box``
    box: tuple[float, float, float, float]
    layers: dict[str, dict[str, Any]]  # saved layer -> file, count, matched, notes
    complete: bool

    @property
    def age(self) -> float:
        """Days since it was fetched."""
        return (now() - self.fetched).total_seconds() / 86400.0

    @property
    def day(self) -> str:
        return self.fetched.date().isoformat()

    @property
    def count(self) -> int:
        return sum(int(layer["count"]) for layer in self.layers.values())

    def serves(self, service: Service, plane: str, box: QgsRectangle) -> bool:
        """Whether it answers the same question for at least this box."""
        inside = QgsRectangle(*self.box).buffered(0.5).contains(box)
        return self.fingerprint == service.fingerprint() and self.plane == plane and inside


def now() -> datetime.datetime:
    """This moment, UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


def find(folder: Path, service: Service) -> Copy | None:
    """The copy of a service in a folder; None where there is none that can be read."""
    try:
        said = json.loads((folder / (service.id + NOTE)).read_text(encoding="utf-8"))
        found = Copy(datetime.datetime.fromisoformat(said["fetched"]), said["fingerprint"],
                     said["plane"], tuple(said["box"]), said["layers"],
                     said["complete"])  # fmt: skip
        whole = all((folder / str(layer["file"])).is_file() for layer in found.layers.values())
        return found if whole and found.age >= -1.0 else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@contextmanager
def fresh(folder: Path, service: Service) -> Iterator[Path]:
    """A place for new files that vanishes whatever happens; :func:`keep` moves what is whole."""
    place = folder / f".{service.id}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(place)
        place.mkdir()
    except OSError as error:
        raise DgoError("errors.service.folder", folder=str(folder), why=error.strerror) from error
    try:
        yield place
    finally:
        _clear(place)


def keep(folder: Path, service: Service, place: Path, copy: Copy) -> None:
    """Put the files of ``place`` where the twin file finds them, and the note beside them."""
    note = folder / (service.id + NOTE)
    said = {
        "service": service.id, "title": service.title, "source": service.source,
        "type": service.type, "licence": service.licence, "date": service.date,
        "fetched": copy.fetched.isoformat(timespec="seconds"), "fingerprint": copy.fingerprint,
        "plane": copy.plane, "box": list(copy.box), "layers": copy.layers,
        "complete": copy.complete,
    }  # fmt: skip
    part = place / "note.json"
    try:
        part.write_text(json.dumps(said, indent=1, ensure_ascii=False), encoding="utf-8")
        if note.exists():  # from here until the end there is no copy rather than a mixed one
            note.unlink()
        for file in sorted(place.iterdir()):
            if file != part:
                os.replace(file, folder / file.name)
        os.replace(part, note)
    except OSError as error:
        raise DgoError("errors.service.folder", folder=str(folder), why=error.strerror) from error


def _clear(place: Path) -> None:
    if place.is_dir():
        for file in place.iterdir():
            file.unlink()
        place.rmdir()


def describe(path: Path, layer: str, service: Service, moment: datetime.datetime) -> None:
    """Source, licence and date in the metadata that QGIS shows of a layer of a GeoPackage, or
    (``layer`` empty) of a raster, which gets a ``.qmd`` beside it."""
    about = QgsLayerMetadata()
    about.setIdentifier(service.id)
    about.setType("dataset")
    about.setTitle(service.title["nl"])
    about.setAbstract(f"{service.source} ({service.type.upper()})")
    about.setLicenses([service.licence])
    about.setHistory([f"{moment.isoformat(timespec='seconds')} {service.source}"])
    about.addLink(QgsLayerMetadata.Link(service.id, service.type.upper(), service.source))
    if layer:
        uri = f"{path}|layername={layer}"
        QgsProviderRegistry.instance().saveLayerMetadata("ogr", uri, about)
    else:
        raster = QgsRasterLayer(str(path), service.id, "gdal")
        raster.setMetadata(about)
        raster.saveDefaultMetadata()
