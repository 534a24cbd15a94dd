"""Two states beside each other in words: lines for a table, a text to paste, CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from .compare import APPEARED, GONE, Cell, Difference, State
from .indicators import indicator
from .marks import shown, shown_number
from .texts import has_text, language, moment, number, text

NOTHING = "–"
COLUMNS = ("name", "before_value", "now_value", "amount", "unit", "before_mark", "now_mark",
           "marks", "move", "before_status", "now_status")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One difference in words. ``order`` is its place in the natural order."""

    difference: Difference
    order: int
    name: str
    code: str
    before_value: str
    now_value: str
    amount: str
    unit: str
    before_mark: str
    now_mark: str
    marks: str
    move: str
    before_status: str
    now_status: str

    def spoken(self) -> str:
        """The line for a screen reader."""
        parts = (self.code, self.name, f"{self.before_mark} → {self.now_mark}", self.marks,
                 self.move, self.now_status)  # fmt: skip
        return ", ".join(p for p in parts if p and p != NOTHING)


def lines(found: list[Difference], lang: str | None = None) -> list[Line]:
    """Differences in words, in their own order."""
    lang = lang or language()
    return [_line(each, at, lang) for at, each in enumerate(found)]


def _line(each: Difference, order: int, lang: str) -> Line:
    before, now = each.before or Cell(), each.now or Cell()
    code = name = ""
    if each.kind == "indicator":
        try:
            code = indicator(each.key).code
        except KeyError:  # of a newer version
            code = ""
        name = text(f"indicators.{each.key}.name", lang)
        if name == f"indicators.{each.key}.name":
            name = each.key
    else:
        name = text(f"words.theme.{each.key}", lang)
    unit = now.unit or before.unit
    return Line(
        each, order, name, code, value(before, lang), value(now, lang),
        signed(each.amount, lang), unit_name(unit, lang), mark(before, lang), mark(now, lang),
        steps(before, now, lang), text(f"compare.move.{each.move}", lang),
        status(before, lang), status(now, lang),
    )  # fmt: skip


def value(cell: Cell, lang: str) -> str:
    """A value without its unit."""
    return NOTHING if cell.value is None else number(float(f"{cell.value:.4g}"), lang)


def mark(cell: Cell, lang: str) -> str:
    """A mark as it may be shown: with the count of breaches (G9)."""
    if cell.mark is None:
        return NOTHING if not cell.n_breach else f"§{cell.n_breach}"
    said = shown(cell.mark, lang, cell.n_breach)
    return f"{said}{cell.n_breach}" if cell.n_breach and said.endswith("§") else said


def steps(before: Cell, now: Cell, lang: str) -> str:
    """Mark points gained, between the marks as they are shown: what stands there must add up."""
    a, b = shown_number(before.mark), shown_number(now.mark)
    if a is None or b is None:
        return NOTHING
    said = "0.0" if a == b else f"{b - a:+}".replace("-", "−")
    return said.replace(".", ",") if lang == "nl" else said


def signed(amount: float | None, lang: str) -> str:
    """A difference of values with its sign, in three figures."""
    if amount is None:
        return NOTHING
    said = "0" if amount == 0 else f"{amount:+.3g}"
    if "e" in said:
        said = f"{amount:+.0f}" if abs(amount) >= 1 else f"{amount:+.5f}"
    said = said.replace("-", "−")
    return said.replace(".", ",") if lang == "nl" else said


def status(cell: Cell, lang: str) -> str:
    """The status, or the breach of the law."""
    return text(f"words.status.{cell.status}", lang) if cell.status else NOTHING


def unit_name(unit: str, lang: str) -> str:
    """A unit in a language."""
    key = f"words.unit.{unit}"
    return text(key, lang) if unit and has_text(key, lang) else unit


def state_name(state: State, lang: str | None = None) -> str:
    """A state with its moment."""
    when = moment(state.moment, lang) if state.moment else ""
    return " · ".join(p for p in (state.name or text("compare.unnamed", lang), when) if p)


def as_csv(found: list[Line], before: State, now: State, lang: str | None = None) -> str:
    """A table for a spreadsheet: semicolons and decimal commas in Dutch, as a spreadsheet set to
    Dutch reads them; numbers in full."""
    lang = lang or language()
    made = io.StringIO()
    table = csv.writer(made, delimiter=";" if lang == "nl" else ",", lineterminator="\r\n")

    def full(x: float | None) -> str:
        if x is None:
            return ""
        said = f"{x:.7g}"
        return said.replace(".", ",") if lang == "nl" else said

    heads = ("code", "name", "before_value", "now_value", "amount", "unit", "before_mark",
             "now_mark", "marks", "before_breaches", "now_breaches", "move", "before_status",
             "now_status")  # fmt: skip
    table.writerow([text(f"compare.csv.{h}", lang, before=_safe(before.name), now=_safe(now.name))
                    for h in heads])  # fmt: skip
    for line in found:
        d = line.difference
        a, b = d.before or Cell(), d.now or Cell()
        table.writerow([
            line.code, line.name, full(a.value), full(b.value), full(d.amount), line.unit,
            full(a.mark), full(b.mark), full(d.marks), a.n_breach, b.n_breach, line.move,
            "" if line.before_status == NOTHING else line.before_status,
            "" if line.now_status == NOTHING else line.now_status,
        ])  # fmt: skip
    return made.getvalue()


def _safe(name: str) -> str:
    """A name that a spreadsheet does not take for a formula."""
    return "'" + name if name[:1] in ("=", "+", "-", "@") else name


def as_text(found: list[Line], before: State, now: State, place: str,
            lang: str | None = None) -> str:  # fmt: skip
    """A text to paste into minutes or mail: what moved, in words."""
    lang = lang or language()
    rows = [text("compare.text.head", lang, before=state_name(before, lang),
                 now=state_name(now, lang), place=place)]  # fmt: skip
    still = 0
    for line in found:
        d = line.difference
        if d.kind == "indicator" and d.move == "same":
            still += 1
            continue
        said = f"{line.before_mark} → {line.now_mark}"
        if line.marks not in (NOTHING, "0,0", "0.0"):
            said += f" ({line.marks})"
        values = ""
        if d.kind == "indicator" and (line.before_value, line.now_value) != (NOTHING, NOTHING):
            values = f"; {line.before_value} → {line.now_value} {line.unit}".rstrip()
        named = f"{line.code} {line.name}".strip()
        word = f", {line.move}" if d.move in (APPEARED, GONE) else ""
        rows.append(f"{'' if d.kind == 'total' else '  ' if d.kind == 'theme' else '    '}"
                    f"{named}: {said}{word}{values}")  # fmt: skip
    if still:
        rows.append(text("compare.text.still", lang, n=still))
    return "\n".join(rows) + "\n"
