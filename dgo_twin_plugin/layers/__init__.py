"""The only bridge between QGIS layers and the engine; transforms happen here."""
