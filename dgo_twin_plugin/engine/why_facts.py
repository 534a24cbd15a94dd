"""The lines of an explanation: value, norm, sum, law, certainty, coverage, method, what changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from . import words
from .legal import NOISE, test_limits
from .people import people_of
from .texts import text
from .why_change import ADDED, CHANGED, REMOVED, Change
from .why_counts import Counts, Pull, places_of
from .why_formula import Sum
from .why_words import (
    confidence,
    exact,
    input_word,
    norm_status,
    outcome_word,
    part_name,
    percent,
    quantity,
    shown2,
    signed,
    unit,
    variant,
    with_unit,
    zone_word,
)
from .words import Message, say

if TYPE_CHECKING:
    from .assessment import Assessment
    from .norms import Law
    from .prepare import Prepared
    from .score_row import ScoreRow
    from .totals import Weights

DOT = " \u00b7 "
Line = tuple[str, str, str, str]  # key, label, sentence, what is strong in it
_TYPES = 4  # area types whose norms are named in the line of the plan
_LAWS = 3  # variants of the law that are named where none was tested
_BESIDE = 6  # quantities beside the mark
_TOLD = 0.005  # mark points: less is not told
_WORD = re.compile(r"\w+")
_NOT_FROM_A_DEFAULT = ("existing", "current")


class Facts:
    """Makes the lines of one explanation."""

    def __init__(self, assessment: Assessment, prepared: Prepared, row: ScoreRow,
                 weights: Weights, mix: Any, lang: str) -> None:  # fmt: skip
        self.a, self.prepared, self.row = assessment, prepared, row
        self.spec, self.zone, self.lang = prepared.spec, row.zone_id, lang
        self.part = prepared.parts[row.part]
        self.measured = assessment.measurements[row.indicator]
        self.profile, self.weights, self.mix = assessment.profile, weights, mix
        self.unit = self.part.part.unit

    def say(self, key: str, **params: Any) -> str:
        return text(say(key, **params), self.lang)

    def value(self, number: float | None) -> str:
        return with_unit(quantity(number, self.spec.decimals, self.lang), self.unit, self.lang)

    def lines(self, of_mark: Sum, of_value: Sum, deciding: str) -> list[Line]:
        """All lines that say something, in the order in which they are read."""
        made: list[tuple[str, str, str]] = [
            ("reason", self._reason(), ""),
            ("measured", *self._measured()),
            ("quantity", of_value.text, ""),
            ("norm", self._norm(), ""),
            ("sum", self._sum(of_mark), of_mark.result),
            ("lowest", deciding, ""),
            ("certainty", self._certainty(), ""),
            ("ambition", self._ambition(), ""),
            ("law", "\n".join(self._law()), ""),
            ("legal", "\n".join(self._legal()), ""),
            ("source", self._source(), ""),
            ("reference", DOT.join(self._references()), ""),
            ("coverage", self._coverage(), ""),
            ("worst", self._worst(), ""),
            ("beside", DOT.join(self._beside()), ""),
            ("notes", DOT.join(self._notes()), ""),
            ("method", self._method(), ""),
            ("weight", self._weight(), ""),
            ("next", self._next(), ""),
        ]
        return [(key, text(f"why.label.{key}", self.lang), said, strong)
                for key, said, strong in made if said]  # fmt: skip

    # - value, norm and mark ---------------------------------------------------------------
    def _reason(self) -> str:
        return "" if self.row.reason is None else text(self.row.reason, self.lang)

    def _measured(self) -> tuple[str, str]:
        row = self.row
        if row.value is None:
            return "", ""
        shown = self.value(row.value)
        name = text(f"indicators.{self.spec.id}.name", self.lang)
        name = part_name(self.spec, row.part, self.lang) or name
        said = f"{name} = {shown}"
        if row.spread:
            low, high = m.spread(row.value, row.spread, "decades" if self.part.log else "absolute")
            if self.unit.startswith("%") and row.value >= 0:
                low = np.maximum(low, 0.0)  # less than nothing does not exist
            ends = (quantity(float(x), self.spec.decimals, self.lang) for x in (low, high))
            said += " (" + " \u2013 ".join(ends) + ")"
        return said, shown

    def _anchors(self, zone: int) -> str:
        low, middle, high = (exact(float(x), self.lang) for x in self.part.anchors[zone])
        return self.say("why.norm.anchors", minimum=low, basis=middle, optimum=high,
                        unit=unit(self.unit, self.lang)).rstrip()  # fmt: skip

    def _norm(self) -> str:
        anchors = self.part.anchors
        if not np.isnan(anchors[self.zone]).any():
            return self._anchors(self.zone)
        if self.zone:
            return ""
        found: dict[str, str] = {}
        for zone in range(1, len(anchors)):
            name = self.prepared.area_types[zone]
            if name is not None and name not in found and not np.isnan(anchors[zone]).any():
                found[name] = f"{self._type(name)}: {self._anchors(zone)}"
        lines = list(found.values())
        more = self.say("why.more", n=len(lines) - _TYPES) if len(lines) > _TYPES else ""
        return "\n".join([*lines[:_TYPES], *([more] if more else [])])

    def _type(self, id_: str | None) -> str:
        found = self.profile.area_types.get(id_ or "")
        return (id_ or "") if found is None else found.name.get(self.lang, found.id)

    def _sum(self, of_mark: Sum) -> str:
        said = of_mark.text
        if said and self.row.mark is not None and of_mark.value > self.row.mark + 1e-9 and (
            self.row.legal_check == words.EXCEEDS
        ):
            said += self.say("why.sum.cap", mark=shown2(self.row.mark, self.lang))
        return said

    def _certainty(self) -> str:
        row = self.row
        if row.mark is None or row.mark_low is None or row.mark_high is None:
            return ""
        ends = self.say("why.certainty.ends", low=m.shown(row.mark_low, self.lang),
                        high=m.shown(row.mark_high, self.lang))  # fmt: skip
        if row.chance6 is None:
            return ends
        # never 0 or 100 %: nothing is that certain
        share = min(max(row.chance6, 1e-6), 1.0 - 1e-6)
        shown = percent(share, self.lang)
        sure = "uncertain" if bool(m.uncertain(row.mark_low, row.mark_high)) else "chance"
        return self.say(f"why.certainty.{sure}", chance=shown) + DOT + ends

    def _ambition(self) -> str:
        row = self.row
        if row.gap is None or row.mark is None:
            return ""
        aim = m.shown(row.mark - row.gap, self.lang)
        value = "" if row.ambition is None else f" ({self.value(row.ambition)})"
        side = "met" if round(row.gap, 9) >= 0 else "short"
        gap = signed(abs(row.gap), self.lang).lstrip("+\u00b1")
        return self.say(f"why.ambition.{side}", mark=aim, value=value, gap=gap)

    # - law and source -----------------------------------------------------------------------
    def _tests(self) -> list[Any]:
        alone = len(self.spec.parts) == 1
        return [t for t in self.measured.legal if self.zone in (0, t.zone)
                and (alone or not t.part or t.part == self.row.part)]  # fmt: skip

    def _law(self) -> Iterator[str]:
        laws = self.profile.law(self.spec.id, self.a.scene.date, None, self.row.part) or ()
        if not laws and self.row.part:
            laws = self.profile.law(self.spec.id, self.a.scene.date, None, "")
        tested = {t.source_kind for t in self._tests()}
        named = [x for x in laws if x.variant in tested] or list(laws)
        by_article: dict[str, list[str]] = {}
        for each in named if tested else named[:_LAWS]:
            by_article.setdefault(self._article(each), []).append(self._limit(each))
        for article, limits in by_article.items():
            yield f"{DOT.join(dict.fromkeys(limits))} \u2013 {article}"
        if not tested and len(named) > _LAWS:
            yield self.say("why.more", n=len(named) - _LAWS)

    def _limit(self, law: Law) -> str:
        parts = [self.say(f"why.law.{name}", value=exact(number, self.lang))
                 for name, number in (("limit", law.limit), ("standard", law.standard))
                 if number == number]  # fmt: skip
        word = variant(law.variant, self.lang)
        said = with_unit(", ".join(parts), law.unit, self.lang)
        return f"{word}: {said}" if word else said

    def _article(self, law: Law) -> str:
        said = law.text.get(self.lang) or self.profile.source_text(law.source, self.lang)
        return self._vouched(said, None if law.status == "law" else law.status, law.confidence)

    def _vouched(self, source: str, status: str | None, sure: str | None) -> str:
        """A source with its status and confidence, each where it says something more."""
        said = set(_WORD.findall(source.lower()))
        more = []
        states = (norm_status(status, self.lang) if status else "", confidence(sure, self.lang))
        for word in filter(None, states):
            own = set(_WORD.findall(word.lower()))
            if not own <= said:
                more.append(word)
                said |= own
        return f"{source} ({'; '.join(more)})" if more else source

    def _legal(self) -> Iterator[str]:
        """Per variant how many objects had which outcome, the worst first."""
        by_kind: dict[str, list[Any]] = {}
        for test in self._tests():
            by_kind.setdefault(test.source_kind, []).append(test)
        for kind, tests in by_kind.items():
            count = Counter(t.outcome for t in tests)
            counted = ", ".join(f"{count[o]} \u00d7 {outcome_word(o, self.lang)}"
                                for o in words.LEGAL_CHECKS if count[o])  # fmt: skip
            value = np.array([t.value for t in tests], float)
            standard = np.array([t.standard for t in tests], float)
            worst = ""
            if np.isfinite(value).any():
                extreme = np.nanmin(value) if self.part.up else np.nanmax(value)
                worst = self.say("why.legal.worst", value=self.value(float(extreme)))
            above = int((test_limits(value, standard, True, whole=self.spec.id in NOISE,
                                     lower_is_worse=self.part.up) == words.EXCEEDS).sum())
            beyond = self.say("why.legal.above_standard", n=above) if above else ""
            head = variant(kind, self.lang)
            said = "; ".join(part for part in (counted, worst, beyond) if part)
            yield f"{head}: {said}" if head else said
        if not by_kind and self.row.legal_check in (words.COMPLIES, words.EXCEEDS):
            yield outcome_word(self.row.legal_check, self.lang)

    def _source(self) -> str:
        row = self.row
        rows = [row] if row.norm_source else [
            r for r in self.part.rows[1:] if r.norm_source is not None]  # fmt: skip
        said = dict.fromkeys(
            self._vouched(self.profile.source_text(str(r.norm_source), self.lang),
                          r.norm_status, r.norm_confidence)
            for r in rows)  # fmt: skip
        return DOT.join(said)

    def _references(self) -> Iterator[str]:
        for law in self.profile.references(self.spec.id, self.a.scene.date):
            if law.part in ("", self.row.part):
                yield self._limit(law)

    # - how much is known ----------------------------------------------------------------------
    def _coverage(self) -> str:
        row = self.row
        if row.coverage is None:
            return ""
        known = percent(row.coverage, self.lang)
        said = self.say("why.coverage.known", share=known, n=row.n_features)
        if row.assumed:
            fields = self.assumed_fields()
            key = "why.coverage.assumed_fields" if fields else "why.coverage.assumed"
            said += DOT + self.say(key, share=percent(row.assumed, self.lang),
                                   fields=", ".join(fields))  # fmt: skip
        return said

    def assumed_fields(self) -> list[str]:
        """The fields of which a default filled in some, with the number of features."""
        places = places_of(self.measured, self.part.part.id)
        if places is None:
            return []
        here = np.ones(len(places.zone), bool) if self.zone == 0 else places.zone == self.zone
        feature = np.asarray(places.feature)
        rows = np.unique(feature[here & (feature >= 0) & (places.weight > 0)])
        if not len(rows):
            return []
        found = []
        for name in self.spec.fields:
            column = self._assumed(name)
            n = 0 if column is None else int(np.asarray(column, bool)[rows].sum())
            if n and name not in _NOT_FROM_A_DEFAULT:
                found.append(f"{input_word(name, self.lang)} ({n})")
        return found

    def _assumed(self, name: str) -> np.ndarray | None:
        surfaces = self.a.scene.surfaces
        if name == "dwellings":
            return people_of(self.a.scene).dwellings_assumed
        if name == "population":
            return people_of(self.a.scene).persons_assumed
        return surfaces.assumed.get(name)

    def _worst(self) -> str:
        row = self.row
        if row.worst_value is None:
            return ""
        said = self.say("why.worst.value", value=self.value(row.worst_value))
        if row.share_below_6 is not None:
            said += DOT + self.say("why.worst.below", share=percent(row.share_below_6, self.lang))
        return said

    def _beside(self) -> list[str]:
        """Quantities that carry no mark: what a level is made of, what else was measured."""
        found = []
        for id_, part in self.prepared.parts.items():
            value = part.rows[self.zone].value
            if part.part.informative and value is not None:
                shown = with_unit(quantity(value, self.spec.decimals, self.lang), part.part.unit,
                                  self.lang)  # fmt: skip
                found.append(f"{part_name(self.spec, id_, self.lang)} {shown}")
        more = len(found) - _BESIDE
        return [*found[:_BESIDE], *([self.say("why.more", n=more)] if more > 0 else [])]

    def _notes(self) -> Iterator[str]:
        """What the indicator itself says about this plan."""
        for note in self.measured.notes.values():
            if isinstance(note, Message):
                yield text(note, self.lang)

    def _method(self) -> str:
        row = self.row
        parts = [row.method or self.spec.method, self.spec.standard]
        if row.proxy:
            parts.append(self.say("why.proxy"))
        return DOT.join(part for part in parts if part)

    # - what it weighs, what would help ----------------------------------------------------------
    def _weight(self) -> str:
        row = self.row
        own = self.weights.indicator(row.indicator)
        if self.mix is not None and row.indicator in self.mix.off or own <= 0:
            return self.say("why.weight.off")
        shares = self._shares(own)
        if shares is None:
            return ""
        in_theme, in_total = shares
        theme = text(f"words.theme.{row.theme}", self.lang)
        return self.say("why.weight.share", weight=exact(own, self.lang), theme=theme,
                        in_theme=percent(in_theme, self.lang),
                        in_total=percent(in_total, self.lang),
                        points=shown2(in_total, self.lang))  # fmt: skip

    def _shares(self, own: float) -> tuple[float, float] | None:
        """Of the theme's mark, and of the total, what this mark carries; None without a mark."""
        if self.row.mark is None:
            return None
        here = [r for r in self.a.scores if r.zone_id == self.zone and r.mark is not None]
        by_theme: dict[str, float] = {}
        for r in here:
            weight = self.weights.indicator(r.indicator)
            if weight > 0:
                by_theme[r.theme] = by_theme.get(r.theme, 0.0) + weight
        in_theme = own / by_theme[self.row.theme]
        whole = sum(self.weights.theme(t) for t in by_theme)
        theme = self.weights.theme(self.row.theme)
        return in_theme, in_theme * theme / whole if whole > 0 else 0.0

    def _next(self) -> str:
        row = self.row
        if not row.next_data or not row.next_gain:
            return ""
        gain = signed(row.next_gain, self.lang).lstrip("+\u00b1")
        return self.say("why.next", input=input_word(row.next_data, self.lang), gain=gain)

    def note(self) -> str:
        """The status of the profile: beside every mark (indicators, attack 1)."""
        profile = self.profile
        status = text(f"norms.status.{profile.status}", self.lang)
        if profile.adopted:
            status = text(say("norms.status.adopted_by", by=profile.adopted_by,
                              on=str(profile.adopted_on)), self.lang)  # fmt: skip
        title = profile.title.get(self.lang, profile.id)
        return self.say("why.profile", title=title, version=profile.version, status=status)

    # - lists ----------------------------------------------------------------------------------
    def counts(self, counts: Counts | None) -> tuple[str, str]:
        """The head of the list of features, and what the others have together."""
        if counts is None:
            return "", ""
        head = self.say(f"why.counts.{counts.of}")
        others = counts.n - len(counts.rows)
        rest = self.say("why.counts.rest", n=others, share=percent(counts.rest, self.lang))
        return head, rest if others > 0 else ""

    def pull(self, pull: Pull) -> str:
        """One zone that makes the plan's mark."""
        zone = zone_word(pull.zone, self._type(pull.area_type), self.lang)
        return self.say("why.pull", zone=zone,
                        mark=m.shown(pull.mark, self.lang), share=percent(pull.share, self.lang),
                        lost=signed(pull.lost, self.lang, 2).lstrip("+\u00b1"))  # fmt: skip

    def changes(self, found: Change | None) -> list[str]:
        """What changed, the sum of it first."""
        if found is None:
            return []
        lines = []
        if found.points is not None and found.then is not None:
            same = abs(found.points) < _TOLD
            key = "why.change.same" if same else "why.change.mark"
            lines.append(self.say(key, points=signed(found.points, self.lang, 2),
                                  then=m.shown(found.then, self.lang)))  # fmt: skip
            if found.value_then is not None and found.value_now is not None and not same:
                then, now = self._apart(found.value_then, found.value_now)
                lines[0] += DOT + self.say("why.change.value", then=then, now=now)
        elif found.then is not None or found.now is not None:
            then, now = (m.shown(x, self.lang) for x in (found.then, found.now))
            lines.append(self.say("why.change.marks", then=then, now=now))
        if found.zones_differ:
            lines.append(self.say("why.change.zones_differ"))
        lines += [self._effect(effect) for effect in found.effects
                  if abs(effect.marks or 0.0) >= _TOLD]  # fmt: skip
        if found.moved:
            named = ", ".join(f"{x.name} {self.say('why.how.' + (x.how or x.kind))}"
                              for x in found.moved)  # fmt: skip
            more = found.n_moved - len(found.moved)
            rest = f" {self.say('why.more', n=more)}" if more > 0 else ""
            lines.append(self.say("why.change.drawn", names=named) + rest)
        if found.context:
            roles = ", ".join(input_word(role, self.lang) for role in found.context)
            lines.append(self.say("why.change.context", roles=roles))
        if found.ambition is not None:
            then, now = (self.value(x) for x in found.ambition)
            lines.append(self.say("why.change.ambition", then=then, now=now))
        if found.weight is not None:
            then, now = (exact(x, self.lang) for x in found.weight)
            lines.append(self.say("why.change.weight", then=then, now=now))
        return lines

    def _apart(self, then: float, now: float) -> tuple[str, str]:
        """Two values with so many decimals that they differ."""
        for more in range(5):
            pair = tuple(quantity(x, self.spec.decimals + more, self.lang) for x in (then, now))
            if pair[0] != pair[1]:
                break
        return with_unit(pair[0], self.unit, self.lang), with_unit(pair[1], self.unit, self.lang)

    def _effect(self, effect: Any) -> str:
        points = signed(effect.marks or 0.0, self.lang, 2)
        if effect.kind in (ADDED, REMOVED, CHANGED):
            more = effect.n - len(effect.names)
            names = ", ".join(effect.names)
            if more > 0:
                names += f" {self.say('why.more', n=more)}"
            return self.say(f"why.effect.{effect.kind}", points=points, n=effect.n, names=names)
        return self.say(f"why.effect.{effect.kind}", points=points)
