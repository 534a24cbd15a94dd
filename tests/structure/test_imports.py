"""Who may import what, and words that may not stand in the source."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.structure.source import PLUGIN, REPO, docstrings, imports, modules, place, tree

ENGINE = PLUGIN / "engine"
QT = re.compile(r"(PyQt\d|PySide\d|qgis)(\.|$)")
POSIX_ONLY = {"fcntl", "grp", "pwd", "resource", "termios", "pty", "multiprocessing"}
# Stock QGIS has these; SciPy and matplotlib may be absent and are asked for where they are used.
AT_HAND = {"numpy", "osgeo", "yaml", "jinja2", "qgis", "processing", "dgo_twin_plugin"}
MAYBE = {"scipy", "matplotlib"}

BLOCKED = """
import sys, importlib, pkgutil
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Wall())
import dgo_twin_plugin.engine as engine
count = 0
for module in pkgutil.walk_packages(engine.__path__, engine.__name__ + "."):
    importlib.import_module(module.name)
    count += 1
print(count)
"""


def import_everything(*blocked: str) -> int:
    """Import every module of the engine in a new process with these packages out of reach."""
    done = subprocess.run([sys.executable, "-c", BLOCKED.format(blocked=set(blocked))],
                          cwd=REPO, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_engine_imports_neither_qgis_nor_qt() -> None:
    found = [f"{place(path, line)}: {name}" for path in modules(ENGINE)
             for line, name, _ in imports(path) if QT.match(name)]  # fmt: skip
    assert not found, "\n".join(found)


def test_engine_works_without_qgis() -> None:
    assert import_everything("qgis", "PyQt5", "PyQt6") >= len(modules(ENGINE)) - 5


def test_engine_imports_without_scipy_and_matplotlib() -> None:
    import_everything("scipy", "matplotlib")


def test_only_qgis_pyqt() -> None:
    bound = re.compile(r"(PyQt\d|PySide\d|sip$)")
    found = [f"{place(path, line)}: {name}" for path in modules()
             for line, name, _ in imports(path) if bound.match(name)]  # fmt: skip
    assert not found, "\n".join(found)


def test_nothing_beyond_stock_qgis() -> None:
    allowed = AT_HAND | MAYBE | set(getattr(sys, "stdlib_module_names", ()))
    found = []
    for path in modules():
        for line, name, at_top in imports(path):
            top = name.split(".")[0]
            if top in POSIX_ONLY or top not in allowed or (top in MAYBE and at_top):
                found.append(f"{place(path, line)}: {name}")
    assert not found, "\n".join(found)


def test_layers_do_not_reach_upwards() -> None:
    """panel -> live -> processing -> project, layers, store -> engine: nothing upstream."""
    ranks = {"engine": 0, "store": 1, "layers": 1, "project": 1, "importers": 1, "services": 1,
             "expressions": 2, "processing": 2, "live": 3, "panel": 4}  # fmt: skip
    found = []
    for path in modules():
        room = path.relative_to(PLUGIN).parts[0]
        if room not in ranks:
            continue
        package = path.relative_to(REPO).with_suffix("").parts[:-1]
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ImportFrom):
                continue
            base = package[: len(package) - node.level + 1] if node.level else ()
            target = (*base, *(node.module or "").split("."))
            if len(target) == 2 and not target[1]:  # from .. import layers
                targets = [(target[0], alias.name) for alias in node.names]
            else:
                targets = [target[:2]]
            for parts in targets:
                if len(parts) == 2 and parts[0] == PLUGIN.name:
                    if ranks.get(parts[1], -1) > ranks[room]:
                        found.append(f"{place(path, node.lineno)}: {room} imports {parts[1]}")
    assert not found, "\n".join(found)


def is_class(owner: str, name: str) -> bool:
    """Whether ``owner.name`` of Qt or QGIS is a class (an enum, say) and not a value in it."""
    modules = ("qgis.core", "qgis.gui", "qgis.PyQt.QtCore", "qgis.PyQt.QtGui",
               "qgis.PyQt.QtWidgets")  # fmt: skip
    holders = (getattr(importlib.import_module(m), owner, None) for m in modules)
    return any(isinstance(getattr(holder, name, None), type) for holder in holders if holder)


def test_enums_are_scoped() -> None:
    """``Qt.AlignmentFlag.AlignLeft``, not ``Qt.AlignLeft``: Qt 6 knows the first form only.

    A name with a capital on a class of Qt or QGIS is an enum value or an enum class: a class is
    called, goes on with a dot, or is one; a value ends there.
    """
    pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")
    names = re.compile(r"(Qt|Qgis|Qgs[A-Z]\w+|Q[A-Z]\w+)$")
    constants = re.compile(r"([A-Z][A-Z0-9_]*)$")  # QgsProcessing.TEMPORARY_OUTPUT is a text
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
                continue
            if not names.match(node.value.id) or not node.attr[0].isupper():
                continue
            parent = node.parent  # type: ignore[attr-defined]
            if isinstance(parent, ast.Attribute) or constants.match(node.attr):
                continue
            if isinstance(parent, ast.Call) and parent.func is node:
                continue
            if not is_class(node.value.id, node.attr):
                found.append(f"{place(path, node.lineno)}: {node.value.id}.{node.attr}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("code, unscoped", [
    ("Qt.AlignLeft", True), ("Qt.AlignmentFlag.AlignLeft", False),
    ("QgsTask.CanCancel", True), ("QgsProcessing.TEMPORARY_OUTPUT", False),
    ("QgsTask.Flag(0)", False), ("QgsTask.Flag", False),
])  # fmt: skip
def test_the_test_of_enums_sees_them(code: str, unscoped: bool, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    source = tmp_path / "module.py"
    source.write_text(f"value = {code}\n")
    monkeypatch.setitem(test_enums_are_scoped.__globals__, "modules", lambda: [source])
    monkeypatch.setitem(test_enums_are_scoped.__globals__, "place", lambda p, line: str(line))
    if unscoped:
        with pytest.raises(AssertionError):
            test_enums_are_scoped()
    else:
        test_enums_are_scoped()


def test_no_hard_coded_crs() -> None:
    """Coordinate systems are chosen in layers/ (the work plane); the demo lies where it lies."""
    found = []
    for path in modules():
        if path.relative_to(PLUGIN).parts[0] in ("layers", "demo"):
            continue
        words = docstrings(path)
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Constant) or id(node) in words:
                continue
            if isinstance(node.value, str):
                bad = re.search(r"(EPSG|ESRI|OGC)\s*:\s*\w*\d", node.value, re.I)
            else:
                bad = node.value in (28992, 4326, 3857, 25831, 32631)
            if bad:
                found.append(f"{place(path, node.lineno)}: {node.value!r}")
    assert not found, "\n".join(found)


def test_no_process_wide_gdal_exceptions() -> None:
    found = [place(path, node.lineno) for path in modules() for node in ast.walk(tree(path))
             if isinstance(node, ast.Attribute)
             and node.attr in ("UseExceptions", "DontUseExceptions")]  # fmt: skip
    assert not found, "\n".join(found)


def test_annotations_are_postponed() -> None:
    """`X | None` in a signature must not be evaluated: QGIS 3.22 on Windows has Python 3.9."""
    found = [path.relative_to(REPO).as_posix() for path in modules()
             if tree(path).body and "from __future__ import annotations"
             not in path.read_text(encoding="utf-8")
             and any(not isinstance(n, ast.Expr) for n in tree(path).body)]  # fmt: skip
    assert not found, "\n".join(found)


TEXT_FILES = {".py", ".sh", ".md", ".txt", ".toml", ".yml", ".yaml", ".json", ".svg", ".cfg",
              ".html", ".qml", ""}  # fmt: skip
# Written in two pieces, so that this file does not find itself.
MACHINE = re.compile("|".join(["/" + "home/" + r"\w", "/" + "Users/" + r"\w", "/" + "root/",
                               "/" + "work/", r"[A-Z]:\\" + "Users"]))  # fmt: skip


def test_no_machine_paths() -> None:
    """Nothing in the tree names a folder of one machine."""
    found = []
    for path in sorted(REPO.rglob("*")):
        inside = path.relative_to(REPO).parts
        if inside[0] in ("build", "dist", ".git", ".hypothesis") or "__pycache__" in inside:
            continue
        if not path.is_file() or path.suffix not in TEXT_FILES:
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{place(path, number)}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_files_stay_readable() -> None:
    """No source file above 24 kB: a reader holds one file in the head."""
    found = [f"{path.relative_to(REPO).as_posix()}: {path.stat().st_size}" for path in modules()
             if path.stat().st_size > 24_000]  # fmt: skip
    assert not found, "\n".join(found)
