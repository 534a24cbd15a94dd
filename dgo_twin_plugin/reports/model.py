"""What the report says, worked out of the results file as plain texts for the template."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ..engine.texts import moment, number, text
from ..engine.words import EXCEEDS, EXCEEDS_EXCEPTION, INDICATIVE, LEGAL_CHECKS, SEVERITIES, THEMES
from ..store import read, runs, schema
from ..store.runs import adopted, profile_status
from ..store.scale import CLASSES
from ..store.target import Where
from .apart import taken_apart
from .mapsvg import zones_map
from .nextdata import next_best, said
from .shown import NOTHING, badge, chance, figure, indicator, share, unsure, word

MOST_ROWS = 200  # of breaches, alerts and checks; the rest stands in the results file
ZONES_ABREAST = 8
Row = dict[str, Any]


def build(path: Where, run_id: str, lang: str) -> Row:
    """The context of the template. Raises ``DgoError`` as :mod:`..store.read`."""
    run = read.parsed(runs.find_run(path, run_id))
    run_id = run["run_id"]
    scores = read.rows(path, "scores", run_id)
    totals = read.rows(path, "totals", run_id)
    zones = sorted(read.rows(path, "zones", run_id), key=lambda z: z["zone_id"])
    breaches = [b for b in read.rows(path, "breaches", run_id)
                if b["legal_check"] in (EXCEEDS, EXCEEDS_EXCEPTION, INDICATIVE)]  # fmt: skip
    alerts = read.rows(path, "alerts", run_id)
    checks = read.rows(path, "checks", run_id)
    plan = [s for s in scores if s["zone_id"] == 0]
    shown_checks = _checks(checks, lang)
    return {
        "lang": lang,
        "run": _run(run, lang),
        "legal_line": text("report.legal_line", lang, line=text("legal.disclaimer", lang)),
        "total": _total(totals, plan, breaches, alerts, lang),
        "themes": [{"name": word("theme", t["theme"], lang),
                    "badge": badge(t["mark"], lang, t["n_breach"] or 0)}
                   for t in sorted(totals, key=_theme_order)
                   if t["zone_id"] == 0 and t["theme"] != schema.TOTAL],
        "map": zones_map(path, run_id, lang),
        "legend": [{"colour": c.colour, "fails": c.fails,
                    "name": text(f"results.class.{c.key}", lang)} for c in reversed(CLASSES)],
        "legend_none": text("results.class.none", lang),
        "breaches": _breaches(breaches, lang)[:MOST_ROWS],
        "breaches_more": max(0, len(breaches) - MOST_ROWS),
        "alerts": _alerts(alerts, lang)[:MOST_ROWS],
        "alerts_more": max(0, len(alerts) - MOST_ROWS),
        "marks": _marks(plan, lang),
        "next": next_best(plan, lang),
        "apart": taken_apart(read.rows(path, "contributions", run_id), lang),
        "zone_blocks": _zone_blocks(zones, scores, totals, lang),
        "norms": _norms(scores, lang),
        "checks": shown_checks[:MOST_ROWS],
        "checks_more": max(0, len(shown_checks) - MOST_ROWS),
        "provenance": _provenance(run, path, lang),
        "notes": _notes(run["notes"]),
        "inputs": _inputs(run["inputs"], lang),
        "parameters": _json(run["parameters"]),
    }  # fmt: skip


def _run(run: Row, lang: str) -> Row:
    note = text("report.status_note", lang)
    if adopted(run):
        note = text("report.status_note_adopted", lang, by=run["adopted_by"], on=run["adopted_on"])
    return {"scenario": run["scenario"] or NOTHING, "when": moment(run["started"], lang),
            "profile": run["profile_title"] or run["profile_id"] or NOTHING,
            "status": profile_status(run, lang), "status_note": note,
            "other_language": bool(run["language"]) and run["language"] != lang}  # fmt: skip


def _theme_order(row: Row) -> int:
    known = (*THEMES, schema.TOTAL)
    return known.index(row["theme"]) if row["theme"] in known else len(known)


def _total(totals: list[Row], plan: list[Row], breaches: list[Row], alerts: list[Row],
           lang: str) -> Row:  # fmt: skip
    row = next((t for t in totals if t["zone_id"] == 0 and t["theme"] == schema.TOTAL), None)
    certain = sum(b["legal_check"] == EXCEEDS for b in breaches)
    n_breach = max(int((row or {}).get("n_breach") or 0), certain)
    mark = row["mark"] if row else None
    lines = []
    if row and mark is not None:
        if row["mark_low"] is not None and row["mark_high"] is not None:
            span = text("report.interval", lang, low=badge(row["mark_low"], lang).text,
                        high=badge(row["mark_high"], lang).text)  # fmt: skip
            lines.append(" · ".join(t for t in (span, _chance(row, lang), unsure(row, lang)) if t))
        lines.append(" · ".join([
            text("report.coverage", lang, share=share(row["coverage"], lang)),
            text("report.assumed", lang, share=share(row["assumed"], lang))]))  # fmt: skip
    uncertain = sum(b["legal_check"] == INDICATIVE for b in breaches)
    if uncertain:
        lines.append(text("report.indicative_count", lang, n=uncertain))
    below = sum(s["mark"] is not None and s["mark"] < 6 - 1e-9 for s in plan)
    missing = sum(s["status"] == "not_assessed" for s in plan)
    lines.append(" · ".join(text(f"report.{key}", lang, n=n) for key, n in (
        ("below_count", below), ("missing_count", missing), ("alerts_count", len(alerts)))))
    said = (text("report.breaches_count", lang, n=n_breach) if n_breach
            else text("report.breaches_none", lang))  # fmt: skip
    return {"badge": badge(mark, lang, n_breach), "n_breach": n_breach, "breaches": said,
            "lines": lines, "assessed": mark is not None}  # fmt: skip


def _chance(row: Row, lang: str) -> str:
    found = row.get("chance6")
    return "" if found is None else text("report.chance", lang, share=chance(found, lang))


def _breaches(rows: list[Row], lang: str) -> list[Row]:
    order = {code: i for i, code in enumerate(LEGAL_CHECKS)}
    rows = sorted(rows, key=lambda b: (order[b["legal_check"]], b["indicator"] or "", b["id"]))
    return [{"outcome": word("legal_check", b["legal_check"], lang),
             "certain": b["legal_check"] == EXCEEDS, "indicator": indicator(b["indicator"], lang),
             "zone": b["zone_id"], "kind": word("source_kind", b["source_kind"], lang),
             "object": " ".join(str(v) for v in (b["source_layer"], b["object_fid"])
                                if v is not None) or NOTHING,
             "value": figure(b["value"], lang), "limit": figure(b["limit"], lang),
             "text": b["text"] or ""} for b in rows]  # fmt: skip


def _severity_order(row: Row) -> int:
    return SEVERITIES.index(row["severity"]) if row["severity"] in SEVERITIES else len(SEVERITIES)


def _alerts(rows: list[Row], lang: str) -> list[Row]:
    return [{"severity": word("severity", a["severity"], lang),
             "strong": a["severity"] in SEVERITIES[:2], "text": a["text"] or a["rule"],
             "zone": NOTHING if a["zone_id"] is None else a["zone_id"],
             "area": figure(a["area_m2"], lang, "m²"),
             "source": " ".join(str(v) for v in (a["source_layer"], a["source_fid"])
                                if v is not None) or NOTHING}
            for a in sorted(rows, key=_severity_order)]  # fmt: skip


def _marks(plan: list[Row], lang: str) -> list[Row]:
    groups: list[Row] = []
    for theme in sorted({s["theme"] for s in plan}, key=lambda t: _theme_order({"theme": t})):
        rows = sorted((s for s in plan if s["theme"] == theme), key=lambda s: s["code"] or "")
        groups.append({"name": word("theme", theme, lang), "rows": [_mark(s, lang) for s in rows]})
    return groups


def _mark(s: Row, lang: str) -> Row:
    shown = s["legal_check"] in (EXCEEDS, EXCEEDS_EXCEPTION, INDICATIVE)
    status = word("status", s["status"], lang)
    span = NOTHING
    if s["mark_low"] is not None and s["mark_high"] is not None:
        span = f"{badge(s['mark_low'], lang).text} – {badge(s['mark_high'], lang).text}"
    return {"name": indicator(s["indicator"], lang), "code": s["code"] or "",
            "value": figure(s["value"], lang, s["unit"] or ""),
            "badge": badge(s["mark"], lang, s["n_breach"] or 0, status), "range": span,
            "status": status, "reason": s["reason"] or "", "proxy": bool(s["proxy"]),
            "law": word("legal_check", s["legal_check"], lang) if shown else "",
            "certain": s["legal_check"] == EXCEEDS, "coverage": share(s["coverage"], lang),
            "assumed": share(s["assumed"], lang), "below": share(s["share_below_6"], lang),
            "worst": figure(s["worst_value"], lang), "unsure": unsure(s, lang),
            "chance": _chance(s, lang), "next": said(s, lang)}  # fmt: skip


def _zone_blocks(zones: list[Row], scores: list[Row], totals: list[Row],
                 lang: str) -> list[Row]:  # fmt: skip
    """Zones side by side, a few at a time so that the table fits on paper."""
    by = {(s["zone_id"], s["indicator"]): s for s in scores}
    total = {t["zone_id"]: t for t in totals if t["theme"] == schema.TOTAL}
    ordered = sorted(scores, key=lambda s: s["code"] or "")
    names = list(dict.fromkeys(s["indicator"] for s in ordered))
    blocks = []
    for start in range(0, len(zones), ZONES_ABREAST):
        part = zones[start:start + ZONES_ABREAST]
        ids = [z["zone_id"] for z in part]
        rows: list[Row] = [{"name": word("theme", schema.TOTAL, lang), "strong": True,
                            "badges": [_badge_of(total.get(i), lang) for i in ids]}]  # fmt: skip
        rows += [{"name": indicator(name, lang), "strong": False,
                  "badges": [_badge_of(by.get((i, name)), lang) for i in ids]}
                 for name in names]  # fmt: skip
        facts = [{"name": text(f"report.head.{key}", lang),
                  "figures": [figure(z[column], lang) for z in part]}
                 for key, column in (("size", "area_m2"), ("dwellings", "dwellings"),
                                     ("fsi", "fsi"), ("gsi", "gsi"))]  # fmt: skip
        blocks.append({"zones": [{"id": z["zone_id"], "type": z["area_type"] or NOTHING}
                                 for z in part], "rows": rows, "facts": facts})  # fmt: skip
    return blocks


def _badge_of(row: Row | None, lang: str) -> Any:
    if row is None:
        return badge(None, lang)
    status = word("status", row["status"], lang) if row.get("status") else ""
    return badge(row["mark"], lang, row["n_breach"] or 0, status)


def _norms(scores: list[Row], lang: str) -> list[Row]:
    """The norms behind the marks, once per indicator and area type."""
    seen: dict[tuple[Any, ...], Row] = {}
    for s in sorted(scores, key=lambda s: (s["code"] or "", s["area_type"] or "")):
        if s["zone_id"] == 0 or s["basis"] is None:
            continue
        anchors = " · ".join(figure(s[name], lang) for name in ("minimum", "basis", "optimum"))
        row = {"name": indicator(s["indicator"], lang), "type": s["area_type"] or NOTHING,
               "anchors": f"{anchors} {s['unit'] or ''}".rstrip(),
               "limit": figure(s["legal_limit"], lang),
               "status": word("norm_status", s["norm_status"], lang),
               "confidence": word("confidence", s["norm_confidence"], lang),
               "source": s["norm_source"] or NOTHING}  # fmt: skip
        seen.setdefault((s["indicator"], s["area_type"], anchors), row)
    return list(seen.values())


def _checks(rows: list[Row], lang: str) -> list[Row]:
    """Findings of the same kind in the same layer together, the gravest first."""
    count = Counter((c["code"], c["severity"], c["layer"]) for c in rows)
    first: dict[tuple[Any, ...], Row] = {}
    for c in rows:
        first.setdefault((c["code"], c["severity"], c["layer"]), c)
    return [{"severity": word("severity", c["severity"], lang), "n": count[key],
             "strong": c["severity"] in SEVERITIES[:2], "layer": c["layer"] or NOTHING,
             "title": c["title"] or c["code"], "advice": c["advice"] or ""}
            for key, c in sorted(first.items(), key=lambda kc: _severity_order(kc[1]))]  # fmt: skip


def _provenance(run: Row, path: Where, lang: str) -> list[tuple[str, str]]:
    versions = run["versions"]
    if isinstance(versions, dict):
        versions = " · ".join(f"{name} {value}" for name, value in versions.items())
    profile = " ".join(str(v) for v in (run["profile_id"], run["profile_version"]) if v)
    lines = [("run", run["run_id"]), ("when", f"{moment(run['started'], lang)} – "
             f"{moment(run['finished'], lang)}"), ("who", run["who"]),
             ("date", run["assessment_date"]),
             ("profile", f"{profile} ({profile_status(run, lang)})"), ("hash", run["profile_hash"]),
             ("crs", run["work_crs"]), ("versions", versions), ("file", path.name)]  # fmt: skip
    return [(text(f"report.prov.{key}", lang), str(value or NOTHING)) for key, value in lines]


def _notes(notes: Any) -> list[str]:
    if isinstance(notes, list):
        return [str(note) for note in notes]
    return [str(notes)] if notes else []


def _inputs(inputs: Any, lang: str) -> list[Row]:
    made = []
    for each in inputs if isinstance(inputs, list) else []:
        if not isinstance(each, dict):
            each = {"layer": each}
        known = ("role", "layer", "features", "date", "fingerprint", "hash")
        count = each.get("features")
        other = "; ".join(f"{k}: {v}" for k, v in each.items() if k not in known and v)
        made.append({"role": each.get("role") or NOTHING, "layer": each.get("layer") or NOTHING,
                     "features": NOTHING if count is None else number(float(count), lang),
                     "date": each.get("date") or NOTHING,
                     "fingerprint": str(each.get("fingerprint") or each.get("hash") or NOTHING),
                     "other": other})  # fmt: skip
    return made


def _json(value: Any) -> str:
    if not value:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
