"""The result group in a project: one per run, found again by its custom property."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsProject,
    QgsRasterLayer,
    QgsRelation,
    QgsRelationContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QThread

from ..engine.texts import language, moment, text
from ..engine.words import DgoError
from ..store import access, postgis, read, runs, schema, shapes, upgrade
from ..store.target import Postgres, Where
from ..store.target import key as file_key
from ..store.target import place as place_of
from . import map_styles, styles
from .connections import PROVIDER, table_uri
from .properties import FILE_PROPERTY, LAYER_PROPERTY, RUN_PROPERTY

_SUFFIX = {"MULTIPOLYGON": "MultiPolygon", "MULTILINESTRING": "MultiLineString", "POINT": "Point",
           "MULTIPOINT": "MultiPoint"}  # fmt: skip
_KIND = {"MULTIPOLYGON": "Polygon", "MULTILINESTRING": "Line", "POINT": "Point",
         "MULTIPOINT": "Point", "": "None"}  # fmt: skip
FINDINGS = (schema.BREACHES, schema.ALERTS, schema.CHECKS)
TABLES = (schema.SCORES, schema.SCORE_PARTS, schema.TOTALS, schema.CONTRIBUTIONS, schema.RUNS)


def add_results(project: QgsProject, path: Where, run_id: str = "", lang: str = "",
                area_types: dict[str, str] | None = None) -> QgsLayerTreeGroup:  # fmt: skip
    """Show a run (the newest where none is named) as one group on top of the layer tree.

    A run that is already shown is reloaded: layers that are open stay the same objects, with the
    styling the user gave them; what is missing is added. ``area_types`` maps GT codes to names.
    Main thread only (``RuntimeError`` elsewhere). Raises ``DgoError`` as :mod:`..store`.
    """
    application = QCoreApplication.instance()
    if application is not None and QThread.currentThread() != application.thread():
        raise RuntimeError("layers are added to a project from the main thread only")
    lang = lang or language()
    path = place_of(path)
    path = path if isinstance(path, Postgres) else path.absolute()
    run = read.parsed(runs.find_run(path, run_id))
    reload_results(project, path)
    wanted = _wanted(path, run, lang)
    if not wanted:
        raise DgoError("results.error.empty_run", run=run["run_id"], path=str(path))
    group = find_group(project, path, run["run_id"])
    if group is None:
        name = text("results.group.name", lang, scenario=run["scenario"] or "–",
                    date=moment(run["started"], lang))  # fmt: skip
        group = project.layerTreeRoot().insertGroup(0, name)
        group.setCustomProperty(RUN_PROPERTY, run["run_id"])
        group.setCustomProperty(FILE_PROPERTY, file_key(path))
    scores = read.rows(path, "scores", run["run_id"])
    context = _Context(project, path, run, lang, area_types or {},
                       list(dict.fromkeys(s["indicator"] for s in scores)),
                       list(dict.fromkeys(s["indicator"] for s in scores
                                          if s["mark"] is not None)))  # fmt: skip
    for place, entries in wanted.items():
        parent = group if not place else _subgroup(group, place, lang)
        for entry in entries:
            context.show(parent, *entry)
    for row in read.rows(path, schema.MAPS.name, run["run_id"]):
        context.show_map(_subgroup(group, "maps", lang), row)
    _relations(project, path, run["run_id"], lang)
    return group


def find_group(project: QgsProject, path: Where, run_id: str) -> QgsLayerTreeGroup | None:
    """The group of a run, whatever the user called it and wherever it was moved."""
    file = file_key(path)

    def search(parent: QgsLayerTreeGroup) -> QgsLayerTreeGroup | None:
        for child in parent.children():
            if not isinstance(child, QgsLayerTreeGroup):
                continue
            if (child.customProperty(RUN_PROPERTY) == run_id
                    and child.customProperty(FILE_PROPERTY) == file):
                return child
            found = search(child)
            if found is not None:
                return found
        return None

    return search(project.layerTreeRoot())


def result_layers(project: QgsProject, path: Where, run_id: str = "") -> list[QgsMapLayer]:
    """The result layers of a file (and run) in a project: tables, vectors and maps of models."""
    file = file_key(path)
    return [layer for layer in project.mapLayers().values()
            if layer.customProperty(FILE_PROPERTY) == file
            and (not run_id or layer.customProperty(RUN_PROPERTY) == run_id)]  # fmt: skip


def reload_results(project: QgsProject, path: Where) -> int:
    """Let every layer of a results file read again what is in it; gives their number."""
    layers = result_layers(project, path)
    for layer in layers:
        layer.dataProvider().reloadData()
        if isinstance(layer, QgsVectorLayer):
            layer.updateFields()
            layer.updateExtents(True)
        layer.triggerRepaint()
    return len(layers)


def remove_run(project: QgsProject, path: Where, run_id: str) -> None:
    """Take the layers and group of a run out of the project (before it is deleted)."""
    project.removeMapLayers([layer.id() for layer in result_layers(project, path, run_id)])
    group = find_group(project, path, run_id)
    if group is not None:
        group.parent().removeChildNode(group)


_Entry = tuple[str, str, str, str, bool]  # table, kind of geometry, layer name, about, visible


def _wanted(path: Path | Postgres, run: dict[str, Any], lang: str) -> dict[str, list[_Entry]]:
    """What there is to show, by subgroup: only layers that hold something of this run."""
    ds = upgrade.open_results(path)
    where = f"WHERE run_id = {schema.literal(run['run_id'])}"
    top: list[_Entry] = []
    for table in FINDINGS:
        kinds = shapes.met(ds, table.name, run["run_id"])
        shown = text(f"results.table.{table.name}", lang)
        for kind in kinds:
            suffix = text(f"results.kind.{_KIND.get(kind, 'Polygon')}", lang)
            name = shown if len(kinds) == 1 else f"{shown} ({suffix})"
            about = text(f"results.about.{table.name}", lang)
            top.append((table.name, kind, name, about, table is not schema.CHECKS and bool(kind)))
    if access.query(ds, f"SELECT 1 FROM zones {where} LIMIT 1"):
        top.append((schema.ZONES.name, "MULTIPOLYGON", text("results.table.zones", lang),
                    text("results.about.zones", lang), True))  # fmt: skip
    found = access.query(ds, f"SELECT indicator FROM place_sets {where} GROUP BY indicator "
                             "ORDER BY min(id)")  # fmt: skip
    kinds = shapes.declared(ds)
    places: list[_Entry] = []
    about = text("results.about.ind", lang)
    for (indicator,) in found:
        view = schema.view_name(indicator)
        shown = styles.indicator_name(indicator, lang)
        held = [kinds.get(view, "MULTIPOLYGON")]
        if held == ["GEOMETRY"]:
            held = shapes.met(ds, view, run["run_id"], none=False)
        for kind in held:
            places.append((view, kind, shown, about, False))
    tables = [(t.name, "", text(f"results.table.{t.name}", lang),
               text(f"results.about.{t.name if t is not schema.SCORE_PARTS else 'scores'}", lang),
               False) for t in TABLES
              if access.query(ds, f"SELECT 1 FROM {schema.quoted(t.name)} {where} LIMIT 1")]
    wanted = {"": top, "indicators": places, "tables": tables}
    return {place: entries for place, entries in wanted.items() if entries}


def _subgroup(group: QgsLayerTreeGroup, place: str, lang: str) -> QgsLayerTreeGroup:
    for child in group.children():
        if isinstance(child, QgsLayerTreeGroup) and child.customProperty(LAYER_PROPERTY) == place:
            return child
    made = group.addGroup(text(f"results.group.{place}", lang))
    made.setCustomProperty(LAYER_PROPERTY, place)
    made.setExpanded(False)
    return made


class _Context:
    """What every layer of one group shares."""

    def __init__(self, project: QgsProject, path: Path | Postgres, run: dict[str, Any],
                 lang: str, area_types: dict[str, str], indicators: list[str],
                 marks: list[str]) -> None:  # fmt: skip
        self.project, self.path, self.run, self.lang = project, path, run, lang
        self.area_types, self.indicators, self.marks = area_types, indicators, marks
        self.plane = postgis.State()
        if isinstance(path, Postgres):
            self.plane = postgis.state(upgrade.open_results(path), path)
        self.open = {(layer.customProperty(LAYER_PROPERTY)): layer
                     for layer in result_layers(project, path, run["run_id"])}  # fmt: skip

    def show(self, parent: QgsLayerTreeGroup, table: str, kind: str, name: str, about: str,
             visible: bool) -> None:  # fmt: skip
        """Add one layer, unless it is open."""
        key = f"{table}|{kind}" if kind else table
        if key in self.open:
            return
        declared = schema.BY_NAME.get(table)
        if isinstance(self.path, Postgres):
            layer = self._of_database(table, kind, name)
        else:
            layer = self._of_file(table, kind, name)
        if not layer.isValid():
            raise DgoError("results.error.table", path=str(self.path), table=table)
        layer.setReadOnly(True)
        layer.setCustomProperty(RUN_PROPERTY, self.run["run_id"])
        layer.setCustomProperty(FILE_PROPERTY, file_key(self.path))
        layer.setCustomProperty(LAYER_PROPERTY, key)
        styles.describe(layer, declared, self.indicators, self.lang, self.area_types)
        styles.apply(layer, table, self.marks, self.lang)
        styles.metadata(layer, name, about, self.run, str(self.path), self.lang)
        self.project.addMapLayer(layer, False)
        node = parent.addLayer(layer)
        node.setItemVisibilityChecked(visible)
        node.setExpanded(visible and table == schema.ZONES.name)
        self.open[key] = layer

    def _of_file(self, table: str, kind: str, name: str) -> QgsVectorLayer:
        declared = schema.BY_NAME.get(table)
        subset = f"\"run_id\" = '{self.run['run_id']}'"
        source = f"{self.path}|layername={table}"
        spatial = declared is None or bool(declared.geometry)
        if declared is None or declared.geometry == "GEOMETRY":
            if kind in _SUFFIX and self._is_general(table):
                source += f"|geometrytype={_SUFFIX[kind]}"
            elif spatial and not kind:
                subset += f' AND "{schema.GEOMETRY}" IS NULL'
        return QgsVectorLayer(f"{source}|subset={subset}", name, "ogr")

    def _of_database(self, table: str, kind: str, name: str) -> QgsVectorLayer:
        declared = schema.BY_NAME.get(table)
        subset = f"\"run_id\" = '{self.run['run_id']}'"
        if declared is None or declared.geometry == "GEOMETRY":  # QGIS takes NULL for every kind
            subset += f' AND "{schema.GEOMETRY}" IS {"NOT NULL" if kind else "NULL"}'
        key = schema.KEY if declared is not None else "ogc_fid"
        source = table_uri(self.path, table, schema.GEOMETRY, key, subset, kind, self.plane.srid)
        layer = QgsVectorLayer(source, name, PROVIDER)
        if kind and not self.plane.srid:  # one that the database does not know
            layer.setCrs(QgsCoordinateReferenceSystem(self.plane.crs))
        return layer

    def show_map(self, parent: QgsLayerTreeGroup, row: dict[str, Any]) -> None:
        """Add the raster of one map, unless it is open. A file that is gone is left out: the
        marks do not rest on it, and the table of maps still names it."""
        key = f"{schema.MAPS.name}|{row['name']}"
        folder = Path() if isinstance(self.path, Postgres) else self.path.parent
        file = folder / row["file"]
        if key in self.open or not file.exists():
            return
        name = text(f"results.map.{row['name']}", self.lang)
        unit = row["unit"] or ""
        layer = QgsRasterLayer(str(file), f"{name} ({unit})" if unit else name, "gdal")
        if not layer.isValid():
            raise DgoError("results.error.failed", path=str(file), detail=name)
        for prop, value in ((RUN_PROPERTY, self.run["run_id"]), (LAYER_PROPERTY, key),
                            (FILE_PROPERTY, file_key(self.path))):  # fmt: skip
            layer.setCustomProperty(prop, value)
        map_styles.apply(layer, row["name"], unit, row["classes"] or "")
        about = text("results.about.maps", self.lang)
        styles.metadata(layer, name, about, self.run, str(file), self.lang)
        self.project.addMapLayer(layer, False)
        node = QgsLayerTreeLayer(layer)
        # in the place of "Band 1 (Gray)"; before the tree shows it
        QgsMapLayerLegendUtils.setLegendNodeUserLabel(node, 0, unit or name)
        parent.addChildNode(node)
        node.setItemVisibilityChecked(False)
        node.setExpanded(False)
        self.open[key] = layer

    def _is_general(self, table: str) -> bool:
        """Whether the table declares no particular geometry type."""
        declared = schema.BY_NAME.get(table)
        if declared is not None:
            return declared.geometry == "GEOMETRY"
        return shapes.declared(upgrade.open_results(self.path)).get(table) == "GEOMETRY"


def _relations(project: QgsProject, path: Where, run_id: str, lang: str) -> None:
    """zones -> scores -> score_parts, by zone (and indicator) within the run."""
    layers = {str(layer.customProperty(LAYER_PROPERTY)).split("|")[0]: layer
              for layer in result_layers(project, path, run_id)}  # fmt: skip
    wanted = (("scores", schema.ZONES.name, schema.SCORES.name, ("zone_id",)),
              ("parts", schema.SCORES.name, schema.SCORE_PARTS.name, ("zone_id", "indicator")))
    manager = project.relationManager()
    for key, parent, child, fields in wanted:
        relation_id = f"dgo_{key}_{run_id}"
        if parent not in layers or child not in layers or relation_id in manager.relations():
            continue
        relation = QgsRelation(QgsRelationContext(project))
        relation.setId(relation_id)
        relation.setName(text(f"results.relation.{key}", lang))
        relation.setReferencedLayer(layers[parent].id())
        relation.setReferencingLayer(layers[child].id())
        for field in fields:
            relation.addFieldPair(field, field)
        manager.addRelation(relation)
