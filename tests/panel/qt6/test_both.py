"""The widgets under PyQt6, beside the same under PyQt5: pictures, keyboard, mouse, words."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CASES, WIDTHS, LANGUAGES = 11, (320, 640, 900), ("nl", "en")
ABOVE = 4  # widgets above the rows: radar, bars, head, dot
FAR = 48  # of 255: another colour; less is how the edge of a letter is smoothed
SHARE = 0.08  # of the pixels: the letters of a row are some 10 % of it


def painted(binding: str, folder: Path, repo: Path) -> dict[str, Any]:
    """Paint all under one Qt in a process of its own; what keyboard and mouse did."""
    if importlib.util.find_spec(binding) is None:
        pytest.skip(f"{binding} is not installed (scripts/packages.txt, group test)")
    done = subprocess.run(
        [sys.executable, "-m", "tests.panel.qt6.scene", binding, str(folder)], cwd=repo,
        capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1",
             "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.startswith("SAID ")]
    assert done.returncode == 0 and said, done.stderr
    return dict(json.loads(said[0][5:]))


@pytest.fixture(scope="module")
def both(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = {}
    for binding in ("PyQt5", "PyQt6"):
        folder = tmp_path_factory.mktemp(binding)
        made[binding] = (folder, painted(binding, folder, repo))
    return made


def pixels(path: Path) -> np.ndarray:
    """(height, width, 3) of a picture."""
    from osgeo import gdal

    found = gdal.Open(str(path)).ReadAsArray()
    return np.moveaxis(found[:3].astype(int), 0, 2)


def test_the_same_pictures(both: dict[str, Any]) -> None:
    old, new = both["PyQt5"][0], both["PyQt6"][0]
    names = sorted(p.name for p in old.glob("*.png"))
    assert names == sorted(p.name for p in new.glob("*.png"))
    assert len(names) == (CASES * len(WIDTHS) + ABOVE) * len(LANGUAGES)
    shares = {}
    for name in names:
        a, b = pixels(old / name), pixels(new / name)
        assert a.shape == b.shape, name
        shares[name] = float((np.abs(a - b).max(axis=2) > FAR).mean())
        # the same ground, and something on it
        assert (a[3, 3] == b[3, 3]).all() and len(np.unique(a.reshape(-1, 3), axis=0)) > 10
    worst = max(shares, key=lambda name: shares[name])
    assert shares[worst] < SHARE, (worst, shares[worst])


def test_the_comparison_sees_a_difference(both: dict[str, Any]) -> None:
    """Another state of a row is further away than another Qt: else the test above says nothing."""
    folder = both["PyQt5"][0]
    for one, other in (("below-320-nl", "good-320-nl"), ("locked-320-nl", "breach-320-nl"),
                       ("below-320-nl", "below-320-en")):  # fmt: skip
        a, b = pixels(folder / f"{one}.png"), pixels(folder / f"{other}.png")
        assert (np.abs(a - b).max(axis=2) > FAR).mean() > SHARE


def test_twice_the_pixels_where_the_screen_has_them(both: dict[str, Any]) -> None:
    for folder, _ in both.values():
        assert pixels(folder / "good-640-nl.png").shape[1] == 1280
        assert pixels(folder / "good-320-nl.png").shape[1] == 320


def test_keyboard_mouse_and_words_are_the_same(both: dict[str, Any]) -> None:
    assert both["PyQt5"][1] == both["PyQt6"][1]


@pytest.mark.parametrize("binding", ["PyQt5", "PyQt6"])
def test_what_the_keys_do(both: dict[str, Any], binding: str) -> None:
    # 49 dB, lower is better: right is a step of 0.5 better, left back; PageUp a mark better:
    # 49 is 8.4, 9.4 is 46.5; Home the worst (mark 4 = 60), End the best (45 - 1.5);
    # then the mouse: a press on the 6 (55), dragged to the 8 (50), let go;
    # the box comes out with the row's own 49, for nobody answered, and goes one up: 49.5
    told = both[binding][1]["nl"]["below"]["told"]
    assert told[:4] == [[48.5, False], [48.5, True], [49.0, False], [49.0, True]]
    assert told[4:10] == [[46.5, False], [46.5, True], [60.0, False], [60.0, True],
                          [43.5, False], [43.5, True]]  # fmt: skip
    assert told[10:13] == ["cleared", "why", ["on", False]]
    assert told[13:16] == [[55.0, False], [50.0, False], [50.0, True]]
    assert told[16:] == [[49.5, True]]
    assert both[binding][1]["nl"]["below"]["spin"] == "49,5"
    assert both[binding][1]["en"]["below"]["spin"] == "49.5"
    # Home of the industrial noise is the law: 55 dB, though the track goes on
    assert [55.0, True] in both[binding][1]["nl"]["breach"]["told"]
