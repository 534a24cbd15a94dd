"""A pytest plugin (``-p without_scipy``): no SciPy and no matplotlib in this process."""

from __future__ import annotations

import sys
from typing import Any

BLOCKED = ("scipy", "matplotlib")


class Wall:
    """First in line of the finders: refuses what is blocked."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked for this test")


for _name in [m for m in sys.modules if m.split(".")[0] in BLOCKED]:
    del sys.modules[_name]
sys.meta_path.insert(0, Wall())
