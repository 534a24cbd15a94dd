"""Why a mark is what it is: one zone, one indicator, with the numbers of this plan filled in.

Everything here is read from an :class:`.assessment.Assessment`; nothing is measured again. The
result is sentences in one language and, beside them, the numbers and places they speak of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from . import marks as m
from . import words
from .texts import has_text, language, text
from .totals import Weights
from .why_change import Change, change, row_of
from .why_counts import Counts, counted, marked_zones, places_of, pulls, zone_marks
from .why_facts import Facts
from .why_formula import Sum, mark_sum, mean_sum, quantity_sum
from .why_told import Fact, Why
from .why_words import part_name, status_word, weight_name, zone_word
from .words import say

if TYPE_CHECKING:
    from .assessment import Assessment
    from .norms import Profile
    from .prepare import Prepared
    from .score_row import ScoreRow

__all__ = ["Fact", "Why", "why"]


class Laid(Protocol):
    """What is asked of the state of the sliders (:mod:`.mix`)."""

    weights: Mapping[str, float]
    off: frozenset[str]

    def laid(self, profile: Profile) -> tuple[Any, Weights]: ...


def why(
    assessment: Assessment,
    mix: Laid | None,
    zone: int,
    indicator: str,
    former: Assessment | None = None,
    former_mix: Laid | None = None,
    lang: str = "",
) -> Why:
    """Explain the mark of an indicator in a zone (0: the plan as a whole).

    ``former``: an earlier state of the same plan, to say what changed the mark. ``mix``: the state
    of the sliders in force; without it the weights of the profile count. KeyError for an indicator
    that was not assessed, IndexError for a zone that is not there.
    """
    lang = lang or language()
    row = row_of(assessment, indicator, zone)
    if row is None:
        if indicator not in assessment.prepared:
            raise KeyError(indicator)
        raise IndexError(zone)
    return _Maker(assessment, mix, row, former, former_mix, lang).make()


def weights_of(profile: Profile, mix: Laid | None) -> Weights:
    """The weights in force."""
    return Weights.of(profile) if mix is None else mix.laid(profile)[1]


class _Maker:
    """Puts one explanation together; a class to share what its parts read."""

    def __init__(
        self, assessment: Assessment, mix: Laid | None, row: ScoreRow,
        former: Assessment | None, former_mix: Laid | None, lang: str,
    ) -> None:  # fmt: skip
        self.a, self.mix, self.row, self.lang = assessment, mix, row, lang
        self.former, self.former_mix = former, former_mix
        self.prepared: Prepared = assessment.prepared[row.indicator]
        self.measured = assessment.measurements[row.indicator]
        self.spec = self.prepared.spec
        self.zone = row.zone_id
        self.part = self.prepared.parts[row.part]
        self.weights = weights_of(assessment.profile, mix)

    def make(self) -> Why:
        row, lang = self.row, self.lang
        of_mark, of_value = self._mark_sum(), self._value_sum()
        counts = self._counts()
        found = self._change()
        facts = Facts(self.a, self.prepared, row, self.weights, self.mix, lang)
        lines = tuple(Fact(*line) for line in facts.lines(of_mark, of_value, self._deciding()))
        pulled = pulls(self.a, self.prepared) if self.zone == 0 and row.mark is not None else ()
        if len(pulled) < 2:
            pulled = ()
        name = text(f"indicators.{self.spec.id}.name", lang)
        badge = m.shown(row.mark, lang, row.n_breach) + (str(row.n_breach or ""))
        if row.mark is None:
            title = text("why.title_none", lang)
            badge = text("results.none_short", lang)
        else:
            title = text(say("why.title", mark=badge), lang)
        head, rest = facts.counts(counts)
        return Why(
            row.indicator, self.zone, row.part, lang, self.a.scene.crs, title, name,
            self._subtitle(name), badge, row.mark, row.status, lines, of_mark, of_value, counts,
            head, rest, pulled, tuple(facts.pull(p) for p in pulled), found,
            tuple(facts.changes(found)), self._limits(),
            text(f"indicators.{self.spec.id}.about", lang), facts.note(),
        )  # fmt: skip

    # - sums -----------------------------------------------------------------------------------
    def _mark_sum(self) -> Sum:
        row = self.row
        if row.mark is None:
            return Sum("")
        if self.zone == 0:
            zones = marked_zones(self.prepared)
            if len(zones) > 1 or not zones:
                word = weight_name(self.spec, self.lang)
                return mean_sum(zone_marks(self.prepared), self.prepared.weight, zones, word,
                                self.lang)  # fmt: skip
            only = zones[0]
            row = self.prepared.rows[only]
            part = self.prepared.parts[self.prepared.deciding[only]]
            return self._sum_of(part.rows[only].value, only, self.prepared.deciding[only])
        return self._sum_of(row.value, self.zone, row.part)

    def _sum_of(self, value: float | None, zone: int, part_id: str) -> Sum:
        part = self.prepared.parts[part_id]
        if value is None:
            return Sum("")
        low, middle, high = (float(x) for x in part.anchors[zone])
        return mark_sum(value, low, middle, high, part.up, part.log, self.spec.decimals, self.lang)

    def _value_sum(self) -> Sum:
        value = self.row.value
        if value is None:
            return Sum("")
        return quantity_sum(
            self.spec, self.part.part, places_of(self.measured, self.part.part.id), self.zone,
            value, self.spec.decimals, weight_name(self.spec, self.lang), self.lang,
        )  # fmt: skip

    def _deciding(self) -> str:
        """Which part decided, of an indicator whose lowest mark counts."""
        if len(self.prepared.scored) < 2:
            return ""
        shown = []
        for id_ in self.prepared.scored:
            mark = self.prepared.parts[id_].rows[self.zone].mark
            shown.append(f"{part_name(self.spec, id_, self.lang)} {m.shown(mark, self.lang)}")
        name = part_name(self.spec, self.row.part, self.lang)
        return text(say("why.lowest", parts=" \u00b7 ".join(shown), part=name), self.lang)

    # - other parts ----------------------------------------------------------------------------
    def _counts(self) -> Counts | None:
        if self.row.value is None:
            return None
        return counted(self.a.scene, self.part, self.measured, self.zone, self.row.value,
                       self.spec.decimals, self.lang)  # fmt: skip

    def _change(self) -> Change | None:
        if self.former is None or self.former is self.a:
            return None
        if self.row.indicator not in self.former.prepared:
            return None
        # without a former mix the weights are taken to be the same
        old = self.weights if self.former_mix is None else weights_of(
            self.former.profile, self.former_mix)  # fmt: skip
        pair = old.indicator(self.row.indicator), self.weights.indicator(self.row.indicator)
        return change(self.a, self.former, self.row.indicator, self.zone, pair, self.lang)

    def _subtitle(self, name: str) -> str:
        row = self.row
        types = self.a.profile.area_types
        area = types[row.area_type].name.get(self.lang, "") if row.area_type in types else ""
        parts = [name, zone_word(self.zone, area, self.lang)]
        part = part_name(self.spec, row.part, self.lang)
        if part:
            parts.insert(1, part)
        if row.weight and row.status != words.NOT_APPLICABLE:
            from .why_words import plain

            parts.append(f"{plain(row.weight, 0, self.lang)} "
                         f"{self._weight_unit()}".strip())  # fmt: skip
        parts.append(status_word(row.status, self.lang))
        return " \u00b7 ".join(parts)

    def _weight_unit(self) -> str:
        key = f"why.weight.{self.spec.weight}"
        return text(key, self.lang) if has_text(key, self.lang) else weight_name(
            self.spec, self.lang)  # fmt: skip

    def _limits(self) -> str:
        return text(f"indicators.{self.spec.id}.limits", self.lang)
