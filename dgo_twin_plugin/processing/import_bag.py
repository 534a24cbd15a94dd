"""dgo:importbag: buildings with their use, dwellings, floor area and year from the BAG."""

from __future__ import annotations

from .importing import ImportAlgorithm


class Algorithm(ImportAlgorithm):
    ID = "importbag"
    SOURCE = "bag"
