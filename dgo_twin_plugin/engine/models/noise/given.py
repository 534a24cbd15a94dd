"""Reading fields of roads and railways: what can be, what is missing, and one finding per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...checks import Check
from ...overlay import number
from ...roles import roles
from ...words import NORMAL
from .lines import AUTONOMOUS, PLAN

if TYPE_CHECKING:
    from ...scene import VectorContext

MOST_TERMS = 20  # unknown words that get a finding of their own


def within(vectors: VectorContext, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(n,) a number of the role, NaN where missing or impossible; (n,) True where impossible."""
    values = np.array(number(vectors, name), float)
    role = roles().get(vectors.role)
    field = role.field(name) if role else None
    low, high = (field.low, field.high) if field else (-np.inf, np.inf)
    wrong = ~np.isnan(values) & ~((values >= low) & (values <= high) & np.isfinite(values))
    values[wrong] = np.nan
    return values, wrong


def term(text: Any) -> str:
    """A word as people write it, made comparable: lower case, single spaces, no trailing .0."""
    if text is None or text != text:
        return ""
    plain = " ".join(str(text).lower().replace("_", " ").split())
    return plain[:-2] if plain.endswith(".0") and plain[:-2].isdigit() else plain


def origin_of(vectors: VectorContext) -> np.ndarray:
    """(n,) object: autonomous or plan; what says nothing was there without the plan."""
    said = [term(text) for text in vectors.texts("origin")]
    return np.array([PLAN if text == PLAN else AUTONOMOUS for text in said], object)


def found(
    code: str, where: np.ndarray, vectors: VectorContext, severity: str = NORMAL, field: str = "",
    value: str = "", **params: object,
) -> list[Check]:  # fmt: skip
    """One check per layer that has features ``where`` something holds, with their count."""
    checks = []
    for layer in dict.fromkeys(vectors.layer):
        mine = vectors.layer == layer
        count = int((where & mine).sum())
        if count:
            bad = number(vectors, field)[where & mine] if code == "impossible_value" else None
            checks.append(
                Check(code, severity, "field" if field else "layer", str(layer), field=field,
                      value=value if bad is None else f"{float(bad[0]):g}",
                      params={**params, "count": count, "of": int(mine.sum())})
            )  # fmt: skip
    return checks


def unknown_terms(
    vectors: VectorContext, said: list[str], words: dict[str, str], where: np.ndarray, field: str,
    taken: str,
) -> list[Check]:  # fmt: skip
    """One check per word that stands for nothing, the most frequent ones; empty is no word."""
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(where):
        if said[row] and said[row] not in words:
            rows.setdefault(said[row], []).append(int(row))
    checks = []
    for text in sorted(rows, key=lambda t: (-len(rows[t]), t))[:MOST_TERMS]:
        mine = np.zeros(vectors.n, bool)
        mine[rows[text]] = True
        checks += found("noise_term_unknown", mine, vectors, field=field, value=text, taken=taken)
    return checks


def assumed(
    vectors: VectorContext, field: str, where: np.ndarray, severity: str = NORMAL
) -> list[Check]:
    """That a field had to be assumed."""
    return found("noise_field_assumed", where, vectors, severity, field=field)
