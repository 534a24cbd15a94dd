"""Walking and seeing: doors, places to reach, public green, trees in sight, canopy, parking.

Functions of arrays, and one bridge each from a scene. Distances, words and spreads stand in
``profiles/models/access.yml`` and ``parking.yml``.
"""
