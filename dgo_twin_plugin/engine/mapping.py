"""From a layer's own fields and terms to functions and canonical fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import resources_path
from .checks import Check
from .pulse import beat
from .scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS, RawLayer
from .words import IMPORTANT, NORMAL
from .yaml_lines import read_yaml

if TYPE_CHECKING:
    from .functions import Functions

YES = {"1", "true", "t", "yes", "y", "ja", "j", "waar"}
NO = {"0", "false", "f", "no", "n", "nee", "onwaar"}
SHARES = {"residential_share", "green_roof", "blue_roof", "pv", "disconnected"}
POSITIVE = {"height", "floors", "gfa", "canopy_diameter"}
NOT_NEGATIVE = {
    "dwellings", "storage", "mpg", "luminous_intensity", "population", "parking_spaces",
    "nature_points",
}  # fmt: skip
# Beyond these no feature goes: a slip of the decimal point, or another unit.
MOST = {
    "height": 500.0, "floors": 150.0, "gfa": 2e6, "canopy_diameter": 60.0, "dwellings": 20_000.0,
    "population": 200_000.0, "parking_spaces": 20_000.0, "storage": 1e6, "mpg": 20.0,
    "beng2": 2_000.0, "luminous_intensity": 1e6, "nature_points": 10_000.0, "floor_level": 500.0,
}  # fmt: skip
LEAST = {"beng2": -2_000.0, "floor_level": -20.0}


@dataclass
class Canonical:
    """A layer in the words of the product; arrays (n,)."""

    function: np.ndarray  # object: function or None where unknown
    fields: dict[str, np.ndarray]


def canonical(
    layer: RawLayer,
    functions: Functions,
    terms: Mapping[str, str],
    mapping: Mapping[str, Any] | None,
    checks: list[Check],
) -> Canonical:
    """Apply the layer's entry, the plan's terms and, for registrations, a mapping file's block.

    Unknown terms, unreadable numbers and impossible values are listed once per value with a
    count; the value is missing then, never guessed.
    """
    entry = layer.entry
    n = len(layer.fid)
    function = _functions(layer, functions, terms, mapping, checks)
    sources = dict(_mapping_block(layer, mapping).get("fields") or {})
    sources.update(entry.get("fields") or {})
    constants = dict(_mapping_block(layer, mapping).get("constants") or {})
    constants.update({k: v for k, v in entry.items() if k in FIELDS})
    fields: dict[str, np.ndarray] = {}
    for name in FIELDS:
        column = layer.columns.get(str(sources.get(name, name)))
        if name in sources and column is None:
            checks.append(
                Check(
                    "no_such_field",
                    IMPORTANT,
                    "field",
                    layer.name,
                    field=str(sources[name]),
                    params={"canonical": name},
                )
            )
        fields[name] = read_field(layer.name, name, column, n, checks)
        if name in constants:
            constant = read_field(layer.name, name, [constants[name]] * n, n, checks)
            lost = missing(fields[name])
            fields[name][lost] = constant[lost]
    fields["basis"] = np.full(n, entry.get("basis"), object)
    return Canonical(function, fields)


def _mapping_block(layer: RawLayer, mapping: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The block of a mapping file for this layer: by name, without prefix or suffix."""
    layers = (mapping or {}).get("layers") or {}
    plain = layer.name.lower().replace(" ", "_")
    for name in sorted(layers, key=len, reverse=True):
        if plain == name.lower() or plain.endswith("_" + name.lower()):
            return dict(layers[name] or {})
    return {}


def owns_no_ground(layer: RawLayer, mapping: Mapping[str, Any] | None) -> bool:
    """Whether the mapping file says that this layer owns no ground, so is left out."""
    plain = layer.name.lower().replace(" ", "_")
    named = [str(n).lower() for n in (mapping or {}).get("not_ground") or []]
    return any(plain == n or plain.endswith("_" + n) for n in named)


def load_mapping(word: str, folder: Path | None = None) -> dict[str, Any]:
    """A mapping file by id (a file in ``profiles/mappings``) or by path, counted from ``folder``.
    Raises ``DgoError`` with file, line and remedy where it cannot be read."""
    path = resources_path.profiles() / "mappings" / f"{word}.yml"
    if not path.is_file():
        path = Path(word) if folder is None or Path(word).is_absolute() else folder / word
    return dict(read_yaml(path).plain())


def _functions(
    layer: RawLayer,
    functions: Functions,
    terms: Mapping[str, str],
    mapping: Mapping[str, Any] | None,
    checks: list[Check],
) -> np.ndarray:
    entry, n = layer.entry, len(layer.fid)
    result = np.full(n, None, object)
    constant = entry.get("functions")
    if isinstance(constant, str):
        known = functions.resolve(constant)
        if known is None:
            checks.append(
                Check(
                    "unknown_function",
                    IMPORTANT,
                    "layer",
                    layer.name,
                    value=constant,
                    params={"count": n},
                )
            )
        result[:] = known
        return result
    block = _mapping_block(layer, mapping)
    own = {str(k): v for k, v in (constant or {}).items()}
    all_terms = {**{str(k): v for k, v in (block.get("terms") or {}).items()}, **terms, **own}
    if entry.get("function"):
        names = [str(entry["function"])]
    elif block:
        if isinstance(block.get("function"), str):
            result[:] = functions.resolve(block["function"])
            return result
        found = block.get("field") or []
        names = [found] if isinstance(found, str) else [str(f) for f in found]
    else:
        names = ["function"]
    columns = [layer.columns[name] for name in names if name in layer.columns]
    if not columns and not block:
        checks.append(Check("no_function_field", IMPORTANT, "field", layer.name, field=names[0]))
        return result
    cache: dict[str, str | None] = {}
    unknown: Counter[str] = Counter()
    empty = 0
    silent = {str(v).lower() for v in (block.get("ignore") or [])}
    fallback = functions.resolve(block["default"]) if block.get("default") else None
    for row in range(n):
        values = [
            str(c[row]).strip() for c in columns if c[row] is not None and str(c[row]).strip()
        ]
        term, strange = None, None
        for value in values:
            if value not in cache:
                cache[value] = _term(value, all_terms, functions)
            term = cache[value]
            if term is not None:
                break
            if value.lower() not in silent:
                strange = strange or value
        if term is None and not values:
            term = fallback
            empty += term is None
        elif term is None and strange is not None:
            unknown[strange] += 1
        result[row] = term
    for value, count in sorted(unknown.items()):
        checks.append(
            Check(
                "unknown_function",
                IMPORTANT,
                "field",
                layer.name,
                field=names[0],
                value=value,
                params={"count": count},
            )
        )
    if empty:
        checks.append(
            Check(
                "empty_function",
                IMPORTANT,
                "field",
                layer.name,
                field=names[0],
                params={"count": empty},
            )
        )
    return result


def _term(value: str, terms: Mapping[str, str], functions: Functions) -> str | None:
    if value in terms:
        target = terms[value]
        return functions.resolve(str(target)) if target is not None else None
    lowered = {k.lower(): v for k, v in terms.items()}
    target = lowered.get(value.lower(), value)
    return functions.resolve(str(target)) if target is not None else None


def missing(values: np.ndarray) -> np.ndarray:
    """(n,) True where a canonical field has no value."""
    if values.dtype == object:
        none: np.ndarray = values == None  # noqa: E711 (each by itself)
        return none.astype(bool)
    lost: np.ndarray = np.isnan(values)
    return lost


def impossible(layer: str, field: str, found: Mapping[str, int], checks: list[Check]) -> None:
    """A check per value that a field cannot hold, with its count; at most twenty are listed."""
    for value, count in sorted(found.items())[:20]:
        checks.append(
            Check(
                "impossible_value",
                NORMAL,
                "field",
                layer,
                field=field,
                value=value,
                params={"count": count},
            )
        )


def read_field(
    layer: str, name: str, column: Sequence[Any] | None, n: int, checks: list[Check]
) -> np.ndarray:
    """One canonical field: float64 with NaN, or object with None; bad values become checks."""
    beat()
    if name in NUMERIC_FIELDS or name in BOOL_FIELDS:
        values = np.full(n, np.nan)
        if column is None:
            return values
        convert = _yes_no if name in BOOL_FIELDS else to_number
        if convert is to_number and _all_numbers(name, column, values):
            return values
        bad: Counter[str] = Counter()
        for row, value in enumerate(column):
            number = convert(value)
            if number is None:
                continue
            if number != number or not _possible(name, number):
                bad[str(value)] += 1
                continue
            values[row] = number
        impossible(layer, name, bad, checks)
        return values
    result = np.full(n, None, object)
    if column is not None:
        for row, value in enumerate(column):
            if value is not None and str(value).strip():
                result[row] = str(value).strip()
    return result


def _all_numbers(name: str, column: Sequence[Any], values: np.ndarray) -> bool:
    """Whether all that a column holds are possible numbers, or NULL: as most do. Then they stand in
    ``values``; else every value must be looked at, to say which are wrong."""
    given = [value for value in column if value is not None]
    if not all(type(value) is float or type(value) is int for value in given):
        return False
    found = np.array(given, float)
    low, high = _range(name)
    if not (np.isfinite(found) & (found >= low) & (found <= high)).all():
        return False
    rows = [row for row, value in enumerate(column) if value is not None]
    values[rows] = found
    return True


def to_number(value: Any) -> float | None:
    """A number from a field's value: None where NULL, NaN where it is no number."""
    if value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    shown = str(value).strip().replace(" ", "").replace("\u00a0", "")
    if not shown or shown.upper() == "NULL":
        return None
    if "," in shown and "." not in shown:
        shown = shown.replace(",", ".")
    try:
        return float(shown)
    except ValueError:
        return float("nan")


def _yes_no(value: Any) -> float | None:
    if value is None or str(value).strip() == "":
        return None
    shown = str(value).strip().lower()
    shown = shown[:-2] if shown.endswith(".0") else shown
    return 1.0 if shown in YES else 0.0 if shown in NO else float("nan")


def _possible(name: str, value: float) -> bool:
    low, high = _range(name)
    return bool(np.isfinite(value)) and low <= value <= high


def _range(name: str) -> tuple[float, float]:
    """The least and the most that a field can hold."""
    if name in SHARES:
        return 0.0, 1.0
    zero = 0.0 if name in NOT_NEGATIVE else -np.inf
    least = float(np.nextafter(0.0, 1.0)) if name in POSITIVE else LEAST.get(name, zero)
    return least, MOST.get(name, np.inf)
