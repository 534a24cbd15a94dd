"""The words behind the codes in the results file, from the catalogues that own them."""

from __future__ import annotations

from ..engine.texts import has_text, text

# list of codes (schema.Column.values) -> where its words stand
_KEYS = {
    "status": "words.status.{}",
    "legal_check": "legal.{}",
    "severity": "words.severity.{}",
    "level": "words.level.{}",
    "theme": "words.theme.{}",
    "confidence": "norms.confidence.{}",
    "norm_status": "results.value.norm_status.{}",
    "source_kind": "norms.variant.{}",
    "rule": "alerts.{}.title",
    "indicator": "indicators.{}.name",
}
CODES: dict[str, tuple[str, ...]] = {
    "status": ("ok", "below_ambition", "below_minimum", "legal_breach", "not_assessed",
               "not_applicable"),
    "legal_check": ("exceeds", "exceeds_exception_possible", "indicative", "not_tested",
                    "complies", "not_in_scope"),
    "severity": ("blocking", "important", "normal", "low"),
    "level": ("run", "layer", "field", "feature"),
    "theme": ("energy", "water", "soil", "green", "environment", "safety", "access", "climate",
              "total"),
    "norm_status": ("law", "guideline", "policy", "proposal", "adopted"),
    "confidence": ("V", "V*", "C", "K", "P", "low"),
}  # fmt: skip


def key(values: str, code: str) -> str:
    """The catalogue key of a code."""
    return _KEYS.get(values, "{}").format(code)


def label(values: str, code: str, lang: str) -> str:
    """The word behind a code; the code itself where no catalogue knows it."""
    found = key(values, code)
    return text(found, lang) if has_text(found, lang) else code
