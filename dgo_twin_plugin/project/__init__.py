"""What the QGIS project remembers."""
