"""I01-I20 score without SciPy and matplotlib: Debian's QGIS does not bring SciPy along."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from dgo_twin_plugin.engine.indicators import all_indicators
from tests.structure.source import REPO


def files_of_the_twenty() -> dict[str, list[str]]:
    """Indicator id -> its test files."""
    found = {}
    for spec in all_indicators():
        if spec.code.startswith("I"):
            paths = (REPO / "tests" / "engine").rglob(f"test_*{spec.id}*.py")
            found[spec.id] = [p.relative_to(REPO).as_posix() for p in sorted(paths)]
    return found


def test_every_indicator_has_a_test_of_its_own() -> None:
    assert [name for name, paths in files_of_the_twenty().items() if not paths] == []


def test_the_twenty_score_without_scipy() -> None:
    """The tests of the indicators once more, in a process in which SciPy cannot be imported."""
    paths = sorted({p for found in files_of_the_twenty().values() for p in found})
    if not paths:
        pytest.fail("no tests of indicators found")
    wall = REPO / "tests" / "structure"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "without_scipy", "-p", "no:cacheprovider",
         *paths],
        cwd=REPO, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(wall), "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) >= len(paths)
