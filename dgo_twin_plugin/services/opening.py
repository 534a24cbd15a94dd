"""The layers of a service as QGIS's own providers open them: paging, proxy and authentication are
those of QGIS. Asks nothing itself."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDataSourceUri,
    QgsRasterLayer,
    QgsVectorLayer,
)

from .catalogue import OAPIF, Service


def open_vector(
    service: Service, layer: str, crs: QgsCoordinateReferenceSystem, version: str, swapped: bool
) -> QgsVectorLayer:
    """The layer as QGIS's WFS or OAPIF provider opens it."""
    uri = QgsDataSourceUri()
    values = {"url": service.address, "typename": layer, "restrictToRequestBBOX": "1",
              "pageSize": str(service.page_size)}  # fmt: skip
    if service.type != OAPIF:
        values.update(version=version, srsname=crs.authid(), pagingEnabled="true")
        if swapped:
            word = "Ignore" if crs.hasAxisInverted() else "Invert"
            values[f"{word}AxisOrientation"] = "1"
    for key, value in values.items():
        uri.setParam(key, value)
    if service.authcfg:
        uri.setAuthConfigId(service.authcfg)
    options = QgsVectorLayer.LayerOptions(QgsCoordinateTransformContext(), False)
    return QgsVectorLayer(uri.uri(False), layer, service.type.upper(), options)  # WFS, OAPIF


def open_raster(service: Service, layer: str, kind: str) -> QgsRasterLayer:
    """The coverage as QGIS's WCS provider opens it."""
    values = {"url": service.address, "identifier": layer, "crs": service.crs, "version": "1.0.0",
              "format": kind, "cache": "AlwaysNetwork"}  # fmt: skip
    return QgsRasterLayer(_encoded(service, values), layer, "wcs")


def open_image(service: Service, layer: str) -> QgsRasterLayer:
    """A layer of a WMS, to look at."""
    values = {"url": service.address, "layers": layer, "styles": "", "format": "image/png",
              "crs": service.crs}  # fmt: skip
    return QgsRasterLayer(_encoded(service, values), service.title["nl"], "wms")


def _encoded(service: Service, values: dict[str, str]) -> str:
    uri = QgsDataSourceUri()
    for key, value in values.items():
        uri.setParam(key, value)
    if service.authcfg:
        uri.setParam("authcfg", service.authcfg)
    return bytes(uri.encodedUri()).decode("ascii")
