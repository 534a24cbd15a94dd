"""A run as one HTML page: stands alone, prints well, asks nothing of the network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..engine.resources_path import resources
from ..engine.texts import language, text
from ..engine.words import DgoError
from ..store.target import Where, place
from .model import build


def render(path: Where, run_id: str = "", lang: str = "") -> str:
    """The page of a run (the newest where none is named), in Dutch or English.

    Raises ``DgoError`` where the file or run is not there.
    """
    import jinja2  # here: only the report needs it

    lang = lang or language()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(resources() / "report")), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=False, keep_trailing_newline=True)

    def translate(key: str, **params: Any) -> str:
        return text(f"report.{key}", lang, **params)

    return environment.get_template("report.html.j2").render(
        t=translate, **build(place(path), run_id, lang))  # fmt: skip


def export_report(path: Where, target: str | Path, run_id: str = "",
                  lang: str = "") -> Path:  # fmt: skip
    """Write the page of a run to a file; an older file is replaced only by a complete one.

    Raises ``DgoError`` where it cannot be written.
    """
    target = Path(target)
    page = render(path, run_id, lang)
    fresh = target.with_name(target.name + ".part")
    try:
        fresh.write_text(page, encoding="utf-8")
        os.replace(fresh, target)
    except OSError as problem:
        if fresh.exists():
            fresh.unlink()
        raise DgoError("report.error.write", path=str(target),
                       detail=problem.strerror or str(problem)) from problem  # fmt: skip
    return target
