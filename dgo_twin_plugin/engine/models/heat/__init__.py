"""Heat on a summer afternoon: sun, shade, sky view, wind at 1.2 m and PET, on a grid.

Plain functions of arrays (``field.heat``, ``field.update``); ``bridge`` makes their grids from a
scene. Constants, the reference day included, stand in ``profiles/models/heat.yml``.
"""
