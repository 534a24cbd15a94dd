"""The assessment engine: no QGIS, no Qt. NumPy, GDAL/OGR, PyYAML; SciPy only inside models."""
