"""Reports and exports of a run, from the results file alone. No QGIS here."""
