"""What an explanation is once it is worked out: sentences, numbers and places, ready to be shown.

Light on purpose: whoever only shows it needs neither NumPy nor GDAL.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .texts import text

if TYPE_CHECKING:
    from .why_change import Change
    from .why_counts import Counts, Pull
    from .why_formula import Sum

NONE = "\u2013"


def percent(share: float | None, lang: str) -> str:
    """A share 0-1 in whole percents; one that is neither nothing nor all never shows as such."""
    del lang  # the same in both
    if share is None or share != share:
        return NONE
    whole = round(100.0 * share)
    if whole == 0 and share > 1e-9:
        return "< 1 %"
    if whole == 100 and share < 1.0 - 1e-9:
        return "> 99 %"
    return f"{whole} %"


def union(wkbs: Sequence[bytes]) -> bytes:
    """A geometry collection of several features, to zoom to all of them."""
    if len(wkbs) == 1:
        return wkbs[0]
    return struct.pack("<BII", 1, 7, len(wkbs)) + b"".join(wkbs)


@dataclass(frozen=True)
class Fact:
    """One line: what it is about, and the sentence. ``strong`` stands in the sentence and is what
    the eye should find first."""

    key: str
    label: str
    text: str
    strong: str = ""


@dataclass(frozen=True)
class Why:
    """The explanation. Texts in ``lang``; geometry in the plane ``crs``, world coordinates."""

    indicator: str
    zone: int
    part: str
    lang: str
    crs: str
    title: str  # 'Waarom een 4,9?'
    name: str
    subtitle: str
    badge: str  # the mark as it may be shown, with the sign and count of breaches
    mark: float | None
    status: str  # code
    facts: tuple[Fact, ...]
    sum: Sum  # of the mark
    quantity: Sum  # of the value
    counts: Counts | None
    counts_head: str
    counts_rest: str
    pulls: tuple[Pull, ...]
    pulls_text: tuple[str, ...]
    change: Change | None
    changes: tuple[str, ...]
    says_not: str
    about: str
    note: str  # the mark is a proposal: always in sight

    def fact(self, key: str) -> str:
        """The sentence of a line; '' where there is none."""
        return next((f.text for f in self.facts if f.key == key), "")

    def to_text(self) -> str:
        """All of it as plain text, for the clipboard and a screen reader."""
        lines = [self.title, self.subtitle, ""]
        lines += [f"{fact.label}: {fact.text}" for fact in self.facts]
        if self.changes:
            lines += ["", text("why.head.change", self.lang), *(f"- {t}" for t in self.changes)]
        if self.pulls_text:
            lines += ["", text("why.head.zones", self.lang), *(f"- {t}" for t in self.pulls_text)]
        if self.counts is not None:
            lines += ["", self.counts_head]
            lines += [f"- {self.counted_text(k)}" for k in range(len(self.counts.rows))]
            lines += [self.counts_rest] if self.counts_rest else []
        lines += ["", f"{text('why.head.says_not', self.lang)} {self.says_not}", self.note]
        return "\n".join(lines).strip() + "\n"

    def counted_text(self, k: int) -> str:
        """One feature that counts, as a sentence."""
        assert self.counts is not None
        row = self.counts.rows[k]
        own = f" ({row.layer} {row.fid})" if row.layer is not None else ""
        value = f", {row.value_text}" if row.value_text else ""
        return f"{row.name}{own}{value}: {percent(row.share, self.lang)}"
