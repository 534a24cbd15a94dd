"""Rain on the ground: where a cloudburst stays, and where the rain of a year goes.

``hierarchy`` finds the depressions of a terrain and how they join, ``pour`` fills them with water,
``cloudburst`` is one shower on one piece of land, ``land`` makes that land from a scene, ``year``
is the yearly balance. Constants: ``profiles/models/water.yml``.
"""
