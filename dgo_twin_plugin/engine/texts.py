"""Sentences in Dutch and English, from ``i18n/<lang>/**/*.json``.

A key is the path of its file plus the key inside it: ``checks.overlap.title`` is key
``overlap.title`` of ``checks.json``; ``indicators.open_water.name`` is key ``name`` of
``indicators/open_water.json``. Files are read when first asked for.
"""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

from .words import Message

LANGUAGES = ("nl", "en")
FOLDER = Path(__file__).resolve().parent.parent / "i18n"
_current = ["en"]


def set_language(lang: str) -> None:
    """Choose the language of every text that names none; anything but Dutch is English."""
    _current[0] = "nl" if str(lang).lower().startswith("nl") else "en"


def language() -> str:
    """The language in force: ``nl`` or ``en``."""
    return _current[0]


@cache
def _catalogue(lang: str, file: str) -> dict[str, str]:
    path = FOLDER / lang / (file + ".json")
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8") as stream:
        return dict(json.load(stream))


def _find(key: str, lang: str) -> str | None:
    parts = key.split(".")
    for depth in (2, 1):  # indicators.open_water.name, else checks.overlap.title
        if len(parts) > depth:
            found = _catalogue(lang, "/".join(parts[:depth])).get(".".join(parts[depth:]))
            if found is not None:
                return found
    return None


def number(value: float, lang: str | None = None) -> str:
    """A number as people read it: at most 4 significant decimals, decimal comma in Dutch."""
    shown = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return shown.replace(".", ",") if (lang or language()) == "nl" else shown


def moment(iso: str | None, lang: str | None = None) -> str:
    """A stored moment (ISO 8601, UTC) in local time, to the minute; an en dash where unreadable."""
    try:
        found = datetime.datetime.fromisoformat(str(iso or "").replace("Z", "+00:00"))
    except ValueError:
        return "\u2013"
    pattern = "%d-%m-%Y %H:%M" if (lang or language()) == "nl" else "%Y-%m-%d %H:%M"
    return found.astimezone().strftime(pattern)


def text(message: Message | str, lang: str | None = None, **params: Any) -> str:
    """Render a message or key. A key without a text gives the key: a test forbids it."""
    lang = lang or language()
    if isinstance(message, Message):
        params = {**message.params, **params}
        message = message.key
    template = _find(message, lang)
    if template is None:
        return message
    shown = {}
    for name, value in params.items():
        if isinstance(value, Message):
            value = text(value, lang)
        elif isinstance(value, dict):  # a word in several languages, as data files hold it
            value = value.get(lang, next(iter(value.values()), ""))
        elif isinstance(value, float):
            value = number(value, lang)
        shown[name] = value
    return template.format(**shown) if shown else template


def has_text(key: str, lang: str) -> bool:
    """Whether the catalogue of a language knows a key."""
    return _find(key, lang) is not None
