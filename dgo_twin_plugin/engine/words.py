"""The words that the whole product shares: ids, statuses, severities. One list, one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# --- the indicators, in the order of their codes (I01-I20, N01-N13) -----------------------------
TWENTY = (
    "energy_use", "renewable_generation", "material_use", "open_water", "natural_banks",
    "rain_retention", "stormwater_disconnection", "flood_safety", "soil_quality",
    "geological_value", "soil_bearing", "green", "traffic_noise", "industrial_noise",
    "air_quality", "individual_risk", "societal_risk", "odour", "light_nuisance",
    "public_transport",
)  # fmt: skip
THIRTEEN = (
    "heat_pet", "shade", "cool_places", "cloudburst", "drought", "trees_visible", "canopy",
    "green_access", "services_access", "parking_pressure", "play_access", "healthy_environment",
    "nature_inclusive",
)  # fmt: skip
INDICATORS = TWENTY + THIRTEEN

# --- statuses of a score, in order of precedence (indicators G7) ---------------------------
NOT_APPLICABLE = "not_applicable"
NOT_ASSESSED = "not_assessed"
LEGAL_BREACH = "legal_breach"
BELOW_MINIMUM = "below_minimum"
BELOW_AMBITION = "below_ambition"
OK = "ok"
STATUSES = (NOT_APPLICABLE, NOT_ASSESSED, LEGAL_BREACH, BELOW_MINIMUM, BELOW_AMBITION, OK)

# --- outcomes of a legal check, worst first -----------------------------------------------
EXCEEDS = "exceeds"
EXCEEDS_EXCEPTION = "exceeds_exception_possible"
INDICATIVE = "indicative"
COMPLIES = "complies"
NOT_TESTED = "not_tested"
NOT_IN_SCOPE = "not_in_scope"
FOUND = (EXCEEDS, EXCEEDS_EXCEPTION, INDICATIVE)  # outcomes that deserve a row in `breaches`
LEGAL_CHECKS = (EXCEEDS, EXCEEDS_EXCEPTION, INDICATIVE, NOT_TESTED, COMPLIES, NOT_IN_SCOPE)

# --- severities of checks and alerts ------------------------------------------------------
BLOCKING, IMPORTANT, NORMAL, LOW = "blocking", "important", "normal", "low"
SEVERITIES = (BLOCKING, IMPORTANT, NORMAL, LOW)

THEMES = ("energy", "water", "soil", "green", "environment", "safety", "access", "climate")

# --- basis of an input: only a legal basis can make a breach certain -----------------------
BASIS_LEGAL, BASIS_INDICATIVE = "legal", "indicative"

UP, DOWN = "up", "down"
LINEAR, LOG = "linear", "log"


@dataclass(frozen=True)
class Message:
    """A sentence that is not yet in a language: key in ``i18n/<lang>``, and its parameters.

    Parameters that are themselves a :class:`Message` are rendered first.
    """

    key: str
    params: dict[str, Any] = field(default_factory=dict)


def say(key: str, **params: Any) -> Message:
    """Shorthand for a :class:`Message`."""
    return Message(key, params)


class DgoError(Exception):
    """An error of ours that a user can act upon: a sentence that names thing, cause and remedy."""

    def __init__(self, key: str, **params: Any) -> None:
        self.message = Message(key, params)
        super().__init__(key, params)

    def __str__(self) -> str:
        from .texts import text

        return text(self.message)


class Cancelled(Exception):
    """The user asked to stop; nothing of the run is kept."""
