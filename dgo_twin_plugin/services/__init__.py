"""Open services: a catalogue (YAML), fetching through QGIS's providers, a dated copy in a folder.

``catalogue`` and ``answers`` know nothing of QGIS. All network use stands in ``fetch``.
"""
