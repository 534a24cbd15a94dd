"""Widgets that need only Qt: they are painted and tested without QGIS as well."""
