"""Findings about the input data: severity, place, advice. Also made without a run."""

from __future__ import annotations

from dataclasses import dataclass

from .words import NORMAL, Message


@dataclass
class Check:
    """One finding. ``code`` is a key of ``i18n/<lang>/checks.json``: ``<code>.title`` says what
    was found, ``<code>.advice`` what to do about it; both may use the parameters."""

    code: str
    severity: str = NORMAL
    level: str = "layer"  # run | layer | field | feature
    layer: str = ""
    fid: int | None = None
    field: str = ""
    value: str = ""  # the offending value, or the count or area found
    params: dict[str, object] | None = None
    wkb: bytes | None = None  # local metres of the scene

    def title(self) -> Message:
        return Message(f"checks.{self.code}.title", self._params())

    def advice(self) -> Message:
        return Message(f"checks.{self.code}.advice", self._params())

    def _params(self) -> dict[str, object]:
        return {"layer": self.layer, "fid": self.fid, "field": self.field, "value": self.value,
                **(self.params or {})}  # fmt: skip
