"""What the algorithms that import have in common. A subclass sets ``ID`` and ``SOURCE``:

    class Algorithm(ImportAlgorithm):
        ID = "importbgt"
        SOURCE = "bgt"            # importers/bgt.py with run(request) -> Outcome

Texts: ``<ID>.name`` and ``.help``; the parameters have shared texts (``shared.INPUT`` and so on),
which ``<ID>.<NAME>`` replaces. More parameters: ``declare_more``; ``options`` hands them on.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import qgis.utils
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
)

from ..engine.pulse import heard_by
from ..engine.texts import language, text
from ..engine.words import Cancelled, DgoError, Message
from .base import DgoAlgorithm

LISTED = 50  # values of a list in the log; the table in the file has them all


class ImportAlgorithm(DgoAlgorithm):
    """INPUT, EXTENT, MAPPING, MAX_FEATURES, OUTPUT -> OUTPUT, FEATURES, UNMAPPED."""

    SOURCE = ""
    MANY = True  # INPUT is a list of files and folders; False: one file

    def declare(self) -> None:
        source = QgsProcessing.SourceType
        if self.MANY:
            self.add(
                QgsProcessingParameterMultipleLayers("INPUT", self.label("INPUT"), source.TypeFile)
            )
        else:
            self.add(QgsProcessingParameterFile("INPUT", self.label("INPUT")))
        self.add(
            QgsProcessingParameterFeatureSource(
                "EXTENT", self.label("EXTENT"), [source.TypeVectorPolygon]
            ),
            optional=True,
        )
        self.declare_more()
        self.add(
            QgsProcessingParameterFile(
                "MAPPING", self.label("MAPPING"), fileFilter=text("algorithms.yaml_filter")
            ),
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "MAX_FEATURES",
                self.label("MAX_FEATURES"),
                QgsProcessingParameterNumber.Type.Integer,
                2_000_000,
                True,
                1,
            ),
            optional=True,
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "OUTPUT", self.label("OUTPUT"), text("algorithms.gpkg_filter")
            )
        )
        for name in ("FEATURES", "UNMAPPED"):
            self.addOutput(QgsProcessingOutputNumber(name, self.label(name)))

    def declare_more(self) -> None:
        """Parameters of one source."""

    def options(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> dict[str, Any]:
        """Their values, for ``Request.options``."""
        return {}

    # ------------------------------------------------------------------ the run
    def work(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from ..importers._package import Request

        if self.MANY:
            inputs = [str(p) for p in self.parameterAsFileList(parameters, "INPUT", context)]
        else:
            inputs = [self.parameterAsFile(parameters, "INPUT", context)]

        def tick() -> None:
            if feedback.isCanceled():
                raise Cancelled

        request = Request(
            inputs=[p for p in inputs if p],
            output=Path(self.parameterAsFileOutput(parameters, "OUTPUT", context)),
            area=self.area(parameters, context),
            mapping=self.parameterAsFile(parameters, "MAPPING", context) or None,
            max_features=self.parameterAsInt(parameters, "MAX_FEATURES", context),
            options=self.options(parameters, context),
            tick=tick,
            progress=lambda share: feedback.setProgress(100.0 * min(1.0, share)),
        )
        module = importlib.import_module(f"..importers.{self.SOURCE}", __package__)
        with heard_by(tick):
            outcome = module.run(request)
        tell(outcome, feedback)
        self._made = outcome.path
        return {
            "OUTPUT": str(outcome.path),
            "FEATURES": outcome.features,
            "UNMAPPED": sum(outcome.unmapped.values()),
        }

    def area(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Any:
        """The polygons of EXTENT together, as an OGR geometry with its CRS; None where not given.
        Raises DgoError where the layer has no polygon or no CRS."""
        if not parameters.get("EXTENT"):
            return None
        source = self.parameterAsSource(parameters, "EXTENT", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "EXTENT"))
        from osgeo import ogr, osr

        shapes = [f.geometry() for f in source.getFeatures() if not f.geometry().isEmpty()]
        whole = QgsGeometry.unaryUnion(shapes)
        if whole.isEmpty():
            raise DgoError("errors.import.area_empty", layer=source.sourceName())
        if not source.sourceCrs().isValid():
            raise DgoError("errors.import.area_crs")
        shape = ogr.CreateGeometryFromWkb(bytes(whole.asWkb().data()))
        srs = osr.SpatialReference()
        srs.ImportFromWkt(
            source.sourceCrs().toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)
        )
        srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        shape.AssignSpatialReference(srs)
        return shape

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """In a project with a window the layers are shown; headless, nothing is."""
        made = getattr(self, "_made", None)
        project = context.project()
        if made and project is not None and qgis.utils.iface is not None:
            from osgeo import ogr

            data = ogr.Open(str(made))
            named = [
                (f"{made}|layername={layer.GetName()}", layer.GetName())
                for layer in (data.GetLayer(i) for i in range(data.GetLayerCount()))
                if layer.GetFeatureCount()
            ]
            beside = sorted(made.parent.glob(f"{made.stem}_*.tif"))  # rasters that came with it
            for source, name in [*named, *((str(p), p.stem[len(made.stem) + 1 :]) for p in beside)]:
                details = QgsProcessingContext.LayerDetails(f"{made.stem} {name}", project)
                context.addLayerToLoadOnCompletion(source, details)
        return {}


def tell(outcome: Any, feedback: QgsProcessingFeedback) -> None:
    """The log of an import: area per function, what was left out and why, unknown values."""
    from ..engine.functions import load_functions

    functions = load_functions()
    feedback.pushInfo(text("algorithms.shared.import_areas"))
    for name, count in sorted(outcome.count.items()):
        label = functions.label(name, language()) if name in functions else name or "\u2013"
        area = f"{outcome.area[name]:14,.1f} m\u00b2" if name in outcome.area else " " * 17
        feedback.pushInfo(f"  {label:32} {count:9,} {area}")
    for name, count in sorted(outcome.others.items()):
        feedback.pushInfo(text("algorithms.shared.import_other", layer=name, count=count))
    for note in outcome.notes:
        feedback.pushInfo(text(note))
    for (layer, reason), count in sorted(outcome.left_out.items()):
        why = Message(f"errors.import.left_out.{reason}")
        feedback.pushInfo(
            text("algorithms.shared.import_left_out", layer=layer, count=count, why=why)
        )
    for (layer, name, value), count in sorted(outcome.unmapped.items())[:LISTED]:
        feedback.pushWarning(
            text(
                "algorithms.shared.import_unmapped",
                layer=layer,
                field=name,
                value=value,
                count=count,
            )
        )
    if len(outcome.unmapped) > LISTED:
        feedback.pushWarning(
            text("algorithms.shared.import_more", count=len(outcome.unmapped) - LISTED)
        )
