"""From other people's files to functions and canonical fields: one module per source.

No QGIS here: GDAL/OGR, NumPy and the standard library. Each module has ``run(request)``, which
writes one GeoPackage through :class:`._package.Package` and gives its :class:`._package.Outcome`.
"""
