"""Custom properties by which result groups and layers are found again. Light: no engine."""

from __future__ import annotations

RUN_PROPERTY, FILE_PROPERTY, LAYER_PROPERTY = "dgo/run", "dgo/results", "dgo/result"
