"""What the panel says about a run, worked out of the results file. No QGIS and no Qt here."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from ..engine.texts import has_text, language, text
from ..engine.words import (
    EXCEEDS,
    FOUND,
    LEGAL_CHECKS,
    NOT_ASSESSED,
    SEVERITIES,
    THEMES,
    DgoError,
)
from ..reports.nextdata import said as next_said
from ..reports.shown import NOTHING, badge, chance, figure, indicator, share, unsure, word
from ..store import read, runs, schema
from ..store.target import Where, place

Row = dict[str, Any]
MOST_ROWS = 500  # of one list; the rest stands in the results file and its layers


@dataclass(frozen=True)
class Line:
    """One indicator (or the total, or a theme) of a zone, ready to be shown."""

    key: str  # id of the indicator or theme
    name: str
    mark: float | None
    badge: str  # "7,2", "4,9 §3", "n.b."
    low: float | None = None
    high: float | None = None
    ambition: float | None = None  # as a mark
    value: str = ""
    interval: str = ""
    status: str = ""
    status_code: str = ""
    law: str = ""
    law_code: str = ""
    coverage: str = ""
    partial: bool = False  # whether the coverage is less than the whole
    assumed: str = ""
    n_breach: int = 0
    reason: str = ""
    tip: str = ""
    unsure: str = ""  # "± uncertain" where the interval straddles the 6

    def spoken(self) -> str:
        """The line for a screen reader."""
        parts = (self.name, self.badge, self.unsure, self.value, self.status, self.law, self.reason,
                 text("report.coverage", share=self.coverage) if self.coverage else "")  # fmt: skip
        return ", ".join(part for part in parts if part and part != NOTHING)


@dataclass(frozen=True)
class Finding:
    """A row of the lists: a breach, an alert or a check. ``row`` is its id in ``table``;
    ``wkb`` is given where the row stands in no file."""

    title: str
    about: str
    severity: str  # certain | strong | normal
    table: str = ""
    row: int = 0
    zone: int = 0
    wkb: bytes | None = None
    tip: str = ""


def numbered(shown: str, n_breach: int) -> str:
    """A mark is never shown without the count of breaches behind it: ``4,9 §3``."""
    return f"{shown}{n_breach}" if n_breach and shown.endswith("§") else shown


def unit_name(unit: str | None) -> str:
    """A unit in the language of the panel."""
    key = f"words.unit.{unit}"
    return text(key) if unit and has_text(key, language()) else unit or ""


def _mark_range(row: Row) -> str:
    if row.get("mark_low") is None or row.get("mark_high") is None:
        return ""
    lang = language()
    return f"{badge(row['mark_low'], lang).text} – {badge(row['mark_high'], lang).text}"


class RunView:
    """A run as the panel shows it. Raises ``DgoError`` as :mod:`..store.read`."""

    def __init__(self, path: Where, run_id: str = "") -> None:
        self.path = place(path)
        self.run = read.parsed(runs.find_run(path, run_id))
        self.run_id: str = self.run["run_id"]
        self.scores = read.rows(path, "scores", self.run_id)
        self.totals = read.rows(path, "totals", self.run_id)
        self.zones = sorted(read.rows(path, "zones", self.run_id), key=lambda z: z["zone_id"])
        found = ", ".join(schema.literal(code) for code in FOUND)
        self._breaches = read.rows(path, "breaches", self.run_id, f"legal_check IN ({found})")
        self._alerts = read.rows(path, "alerts", self.run_id)
        self._checks = read.rows(path, "checks", self.run_id)
        self._types = self._area_types()

    def _area_types(self) -> dict[str, str]:
        """Names of the area types as the profile of the run says them; a profile that is gone
        leaves the codes."""
        from ..engine.norms import shared_profile

        try:
            profile = shared_profile(self.run["profile_id"])
        except DgoError:
            return {}
        return {key: kind.name.get(language(), key) for key, kind in profile.area_types.items()}

    # --- heads -------------------------------------------------------------------------------
    @property
    def title(self) -> str:
        """The scenario."""
        return self.run["scenario"] or text("panel.no_scenario")

    def zone_names(self) -> list[tuple[int, str]]:
        """(zone id, name) of the plan and of every zone."""
        named = [(0, text("report.plan"))]
        for zone in self.zones:
            kind = zone["area_type"]
            named.append((zone["zone_id"], text("panel.zone", zone=zone["zone_id"],
                          type=self._types.get(kind, kind or NOTHING))))  # fmt: skip
        return named

    def profile(self) -> tuple[str, str]:
        """The profile, and whether anybody adopted it."""
        title = self.run["profile_title"] or self.run["profile_id"] or NOTHING
        return title, runs.profile_status(self.run, language())

    # --- marks -------------------------------------------------------------------------------
    def total(self, zone: int) -> Line:
        """The mark over all themes of the plan (0) or a zone."""
        row = next((t for t in self.totals if t["zone_id"] == zone
                    and t["theme"] == schema.TOTAL), None)  # fmt: skip
        return self._of_total(row or {"theme": schema.TOTAL, "mark": None})

    def themes(self, zone: int) -> list[Line]:
        """The themes that the run knows, in their fixed order."""
        rows = {t["theme"]: t for t in self.totals if t["zone_id"] == zone}
        return [self._of_total(rows[name]) for name in THEMES if name in rows]

    def _of_total(self, row: Row) -> Line:
        lang, n = language(), int(row.get("n_breach") or 0)
        name = word("theme", row["theme"], lang)
        shown = numbered(badge(row["mark"], lang, n).text, n)
        made = Line(
            row["theme"], name, row["mark"], shown, row.get("mark_low"), row.get("mark_high"),
            interval=_mark_range(row), coverage=share(row.get("coverage"), lang),
            assumed=share(row.get("assumed"), lang), n_breach=n, unsure=unsure(row, lang),
        )  # fmt: skip
        facts = [f"<b>{html.escape(name)}: {shown}</b>", *map(html.escape, self.facts(made))]
        if row.get("chance6") is not None:
            found = text("report.chance", share=chance(row["chance6"], lang))
            facts.append(html.escape(found))
        if row.get("missing"):
            facts.append(html.escape(text("report.missing_count", n=row["missing"])))
        return Line(**{**made.__dict__, "tip": "<br>".join(facts)})

    def facts(self, line: Line) -> list[str]:
        """Interval, coverage and assumed share of a total, as sentences."""
        parts = [text("panel.interval", range=line.interval)] if line.interval else []
        parts += [line.unsure] if line.unsure else []
        if line.mark is not None:
            parts += [text("report.coverage", share=line.coverage),
                      text("report.assumed", share=line.assumed)]  # fmt: skip
        return parts

    def indicators(self, zone: int) -> list[tuple[Line, list[Line]]]:
        """Themes, each with the lines of its indicators."""
        lines: dict[str, list[Line]] = {}
        for row in sorted((s for s in self.scores if s["zone_id"] == zone),
                          key=lambda s: s["code"] or ""):  # fmt: skip
            lines.setdefault(row["theme"], []).append(self._line(row))
        heads = {line.key: line for line in self.themes(zone)}
        order = [name for name in (*THEMES, *lines) if name in lines]
        return [(heads.get(name) or self._of_total({"theme": name, "mark": None}), lines[name])
                for name in dict.fromkeys(order)]  # fmt: skip

    def _line(self, row: Row) -> Line:
        lang, n, mark = language(), int(row["n_breach"] or 0), row["mark"]
        law = row["legal_check"] if row["legal_check"] in FOUND else ""
        gap = row["gap"]
        if mark is None and row["status"] != NOT_ASSESSED:
            shown = text("panel.not_applicable_short") + (f" §{n}" if n else "")
        else:
            shown = numbered(badge(mark, lang, n).text, n)
        made = Line(
            row["indicator"], indicator(row["indicator"], lang), mark, shown, row["mark_low"],
            row["mark_high"], None if mark is None or gap is None else mark - gap,
            "" if row["value"] is None else figure(row["value"], lang, unit_name(row["unit"])),
            _mark_range(row), word("status", row["status"], lang), row["status"],
            word("legal_check", law, lang) if law else "", law,
            share(row["coverage"], lang) if row["coverage"] is not None else "",
            row["coverage"] is not None and row["coverage"] < 0.9995,
            share(row["assumed"], lang), n, row["reason"] or "", unsure=unsure(row, lang),
        )  # fmt: skip
        return Line(**{**made.__dict__, "tip": self._tip(row, made)})

    def _tip(self, row: Row, line: Line) -> str:
        """Everything about a mark: value, norm with source and status, law, coverage."""
        lang = language()
        lines = [f"<b>{html.escape(line.name)} ({row['code']}): {line.badge}</b>"]

        def add(key: str, value: str) -> None:
            if value and value != NOTHING:
                lines.append(html.escape(f"{text(key)}: {value}"))

        add("results.field.value", line.value)
        add("panel.interval_head", " ".join(t for t in (line.interval, line.unsure) if t))
        add("results.field.chance6", chance(row["chance6"], lang))
        add("results.field.next_data", next_said(row, lang))
        add("results.field.status", line.status)
        add("results.field.reason", line.reason)
        add("results.field.legal_check", word("legal_check", row["legal_check"], lang))
        unit = unit_name(row["unit"])
        add("results.field.legal_limit", figure(row["legal_limit"], lang, unit))
        if row["basis"] is not None:
            anchors = " · ".join(figure(row[n], lang) for n in ("minimum", "basis", "optimum"))
            add("panel.anchors", f"{anchors} {unit}")
        add("panel.norm", self._norm(row))
        add("panel.coverage", line.coverage)
        add("panel.assumed", line.assumed)
        if row["proxy"]:
            lines.append(html.escape(text("report.proxy")))
        add("results.field.method", row["method"] or "")
        return "<br>".join(lines)

    def _norm(self, row: Row) -> str:
        """Source, status and confidence of the norm; of the plan those of its zones together."""
        rows = [row] if row["norm_source"] else [
            s for s in self.scores if s["indicator"] == row["indicator"] and s["norm_source"]]
        said = [f"{s['norm_source']} – {word('norm_status', s['norm_status'], language())}, "
                f"{word('confidence', s['norm_confidence'], language())}" for s in rows]
        return "; ".join(dict.fromkeys(said))

    # --- findings ----------------------------------------------------------------------------
    def law_count(self, zone: int) -> str:
        """How often the law is broken for certain, and perhaps."""
        certain = self.total(zone).n_breach
        perhaps = len(self._in(self._breaches, zone)) - sum(
            b["legal_check"] == EXCEEDS for b in self._in(self._breaches, zone))  # fmt: skip
        parts = [_count("law", certain) if certain else text("panel.count.law_none")]
        if perhaps > 0:
            parts.append(_count("perhaps", perhaps))
        return " · ".join(parts)

    def counts(self, zone: int) -> str:
        """One line: alerts, marks below 6, marks that are not there; only what there is."""
        rows = [s for s in self.scores if s["zone_id"] == zone]
        found = (("alerts", len(self._in(self._alerts, zone))),
                 ("below", sum(s["mark"] is not None and s["mark"] < 6 - 1e-9 for s in rows)),
                 ("missing", sum(s["status"] == NOT_ASSESSED for s in rows)))  # fmt: skip
        return " · ".join(_count(key, n) for key, n in found if n)

    @staticmethod
    def _in(rows: list[Row], zone: int) -> list[Row]:
        return [r for r in rows if not zone or r["zone_id"] == zone]

    def breaches(self, zone: int) -> list[Finding]:
        """Objects over a limit of the law, the certain ones first."""
        lang, order = language(), {code: i for i, code in enumerate(LEGAL_CHECKS)}
        rows = sorted(self._in(self._breaches, zone),
                      key=lambda b: (order[b["legal_check"]], b["indicator"] or "", b["id"]))
        units = {s["indicator"]: unit_name(s["unit"]) for s in self.scores}
        made = []
        for b in rows:
            unit = units.get(b["indicator"], "")
            title = text("panel.over", indicator=indicator(b["indicator"], lang),
                         value=figure(b["value"], lang),
                         limit=figure(b["limit"], lang, unit))  # fmt: skip
            # the sentence of the run names the article; it is in the language of that run
            said = b["text"] if self.run.get("language") == lang else ""
            outcome = said or word("legal_check", b["legal_check"], lang)
            place = _place(b["source_layer"], b["object_fid"], b["zone_id"])
            kind = word("source_kind", b["source_kind"], lang)
            tip = "<br>".join(html.escape(t) for t in (b["text"], kind) if t and t != NOTHING)
            made.append(Finding(title, f"{outcome} · {place}",
                                "certain" if b["legal_check"] == EXCEEDS else "strong",
                                "breaches", b["id"], b["zone_id"] or 0, tip=tip))  # fmt: skip
        return made

    def alerts(self, zone: int) -> list[Finding]:
        """Overlaps and thresholds that must be seen, the gravest first."""
        rows = sorted(self._in(self._alerts, zone), key=_gravity)
        return [Finding(
            a["text"] or a["rule"], " · ".join(
                t for t in (word("severity", a["severity"], language()),
                            _place(a["source_layer"], a["source_fid"], a["zone_id"])) if t),
            _strength(a["severity"]), "alerts", a["id"], a["zone_id"] or 0,
        ) for a in rows]  # fmt: skip

    def checks(self) -> list[Finding]:
        """Findings about the input."""
        return check_findings(self._checks)

    def place(self, finding: Finding) -> tuple[bytes | None, str]:
        """Geometry (WKB) of a finding, else of its zone, and the CRS; None: it has no place."""
        crs = read.crs_of(self.path)
        if finding.wkb is not None:
            return finding.wkb, crs
        if finding.table:
            row = read.rows(self.path, finding.table, self.run_id, f"id = {finding.row}", True)
            if row and row[0]["wkb"]:
                return row[0]["wkb"], crs
        return self.zone_shape(finding.zone), crs

    def zone_shape(self, zone: int) -> bytes | None:
        """Geometry (WKB) of a zone; None for the plan."""
        if not zone:
            return None
        found = read.rows(self.path, "zones", self.run_id, f"zone_id = {int(zone)}", True)
        return found[0]["wkb"] if found else None


def _count(key: str, n: int) -> str:
    """A counted thing, in the singular where it is one."""
    return text(f"panel.count.{key}_one" if n == 1 else f"panel.count.{key}", n=n)


def _place(layer: str | None, fid: int | None, zone: int | None) -> str:
    parts = [" ".join(str(v) for v in (layer, fid) if v not in (None, ""))]
    parts.append(text("report.map.label", zone=zone) if zone else "")
    return " · ".join(part for part in parts if part)


def _gravity(row: Row) -> int:
    return SEVERITIES.index(row["severity"]) if row["severity"] in SEVERITIES else len(SEVERITIES)


def _strength(severity: str) -> str:
    """The three shapes of the lists: certain (filled square), strong (hollow), normal (dot)."""
    return {SEVERITIES[0]: "certain", SEVERITIES[1]: "strong"}.get(severity, "normal")


def check_findings(rows: list[Row]) -> list[Finding]:
    """Checks as rows of the list, the gravest first. Rows may carry ``wkb`` of their own."""
    return [Finding(
        c["title"] or c["code"], " · ".join(
            t for t in (word("severity", c["severity"], language()), c["advice"] or "") if t),
        _strength(c["severity"]), "" if "wkb" in c else "checks", c.get("id") or 0,
        wkb=c.get("wkb"),
    ) for c in sorted(rows, key=_gravity)]  # fmt: skip
