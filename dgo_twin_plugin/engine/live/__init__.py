"""Assessments that follow a design while it is drawn: only what an edit moved is worked out."""

from __future__ import annotations

from .assessor import LiveAssessor, Timing

__all__ = ["LiveAssessor", "Timing"]
