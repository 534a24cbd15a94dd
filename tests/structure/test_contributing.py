"""CONTRIBUTING.md is followed to the letter: its files, put in a copy of the tree, make a new
indicator that scores, and nothing else had to be edited."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.source import REPO

BLOCK = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.M | re.S)
ID = "slow_traffic"
IN_FULL = """
from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.indicators import all_indicators
from tests.engine.factory import box, profile, scene
assert "slow_traffic" in [spec.id for spec in all_indicators()]
made = scene([("GT04", box(0, 0, 100, 100))],
             [("road", box(0, 0, 100, 20)), ("footway", box(0, 20, 100, 25)),
              ("grass", box(0, 25, 100, 100))])
done = assess(made, profile())
(row,) = [r for r in done.scores if r.indicator == "slow_traffic" and r.zone_id == 1]
assert abs(row.mark - 8.0) < 1e-9, row
assert len({r.indicator for r in done.scores}) == len(all_indicators())
print("scored")
"""


def blocks() -> dict[str, str]:
    """File -> content, as the page gives them."""
    return dict(BLOCK.findall((REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which somebody has done what the page says."""
    tree = tmp_path_factory.mktemp("contributing")
    skip = shutil.ignore_patterns("__pycache__", "realdata", "qgis", "panel")
    for folder in ("dgo_twin_plugin", "profiles", "resources"):
        shutil.copytree(REPO / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPO / "tests", tree / "tests", ignore=skip)
    for name in ("metadata.txt", "pyproject.toml"):
        shutil.copy(REPO / name, tree / name)
    for name, content in blocks().items():
        assert not (tree / name).exists(), f"{name}: the page edits nothing that is there"
        assert (tree / name).parent.is_dir(), name
        (tree / name).write_text(content, encoding="utf-8")
    return tree


def python(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the same Python in the copy."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *words], cwd=tree, env=environment,
                          capture_output=True, text=True)  # fmt: skip


def test_the_page_gives_the_five_files() -> None:
    suffixes = sorted(Path(name).suffix for name in blocks())
    assert suffixes == [".json", ".json", ".py", ".py", ".yml"]
    assert all(ID in name for name in blocks())


def test_the_test_on_the_page_passes(copy: Path) -> None:
    name = next(name for name in blocks() if "/test_" in name)
    done = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", name)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert re.search(r"\b3 passed", done.stdout)


def test_a_full_run_scores_it_beside_the_others(copy: Path) -> None:
    done = python(copy, "-c", IN_FULL)
    assert done.returncode == 0 and "scored" in done.stdout, done.stdout + done.stderr


def test_the_tests_of_structure_hold_for_it(copy: Path) -> None:
    done = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                  "tests/structure/test_texts.py", "tests/structure/test_imports.py",
                  "-k", "texts and (language or indicator) or neither_qgis")  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_page_names_commands_that_exist() -> None:
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, re.M))
    page = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make (\w+)", page)) <= targets
