"""The results file: a GeoPackage that keeps every run. No QGIS here: it works headless too."""
