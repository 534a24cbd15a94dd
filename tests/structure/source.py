"""The plugin's own source, parsed once, for the tests of its structure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent.parent
PLUGIN = REPO / "dgo_twin_plugin"


def modules(folder: Path = PLUGIN) -> list[Path]:
    """Every Python file below a folder."""
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file; every node knows its ``parent``."""
    parsed = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(parsed):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    return parsed


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """(line, dotted module, whether at module level) of every absolute import."""
    for node in ast.walk(tree(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            yield node.lineno, name, not _inside_function(node)


def _inside_function(node: ast.AST) -> bool:
    while hasattr(node, "parent"):
        node = node.parent
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return True
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return True
    return False


def docstrings(path: Path) -> set[int]:
    """The ids of the nodes that are docstrings or bare strings: words, not values."""
    return {id(n.value) for n in ast.walk(tree(path))
            if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}  # fmt: skip


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(REPO).as_posix()}:{line}"
