"""dgo:methodcards as the toolbox runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .plans import run


def test_all_cards_of_the_shipped_profile(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.indicators import indicator_ids

    output = run("methodcards", {"OUTPUT": str(tmp_path / "cards.html")})["OUTPUT"]
    page = Path(output).read_text(encoding="utf-8")
    assert page.count("<article ") == len(indicator_ids())
    assert list(tmp_path.iterdir()) == [tmp_path / "cards.html"]  # nothing left half written


def test_some_cards(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    chosen = {"INDICATORS": ["odour", "green"], "OUTPUT": str(tmp_path / "cards.html")}
    page = Path(run("methodcards", chosen)["OUTPUT"]).read_text(encoding="utf-8")
    assert page.count("<article ") == 2
    assert page.index('id="green"') < page.index('id="odour"')  # by code, not as they were named


def test_an_unknown_profile_is_refused(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="nowhere"):
        run("methodcards", {"PROFILE": "nowhere", "OUTPUT": str(tmp_path / "cards.html")})
