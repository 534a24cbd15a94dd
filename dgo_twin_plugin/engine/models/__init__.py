"""The physics behind the fields: plain functions of arrays, and one bridge each from a scene.

A model knows nothing of norms or marks. Its constants stand in ``profiles/models/<name>.yml`` with
source and confidence, or beside the formula where they are part of it. What an indicator asks of
a model is a shared product of the scene (``scene.product``), worked out once.
"""
