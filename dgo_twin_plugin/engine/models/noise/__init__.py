"""Noise of roads and railways: what the sources emit, and what arrives at facades and on a grid.

``lines`` the straight sources and their power, ``emission`` roads (CNOSSOS-EU:2020 or SRM2),
``rail`` railways, ``rating`` from levels per period to Lden, cumulation and health classes,
``srm1`` the open-field method that the validation compares with.
"""
