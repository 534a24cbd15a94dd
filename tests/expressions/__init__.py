"""Marks as QGIS expressions."""
