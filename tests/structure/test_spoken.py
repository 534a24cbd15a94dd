"""No sentence for a user stands in the code: what a widget or an algorithm says is a key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.structure.source import PLUGIN, REPO, modules, tree

ROOMS = ("panel", "live", "processing", "expressions", "plugin.py")
# Functions and classes of Qt and QGIS whose words a user reads: name -> positions of those words
# (None = all), and the keywords that carry words.
SHOWS: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(
        ("setText", "setToolTip", "setStatusTip", "setWhatsThis", "setWindowTitle", "setTitle",
         "setPlaceholderText", "setAccessibleName", "setAccessibleDescription", "setSuffix",
         "setPrefix", "setSpecialValueText", "setLabelText", "setDialogTitle", "setFilter",
         "setPlainText", "setHtml", "setMarkdown", "setHeaderLabel", "setHeaderLabels",
         "setHorizontalHeaderLabels", "setInformativeText", "setDetailedText", "setNullValue",
         "setHelp", "pushInfo", "pushWarning", "reportError", "setProgressText",
         "QgsProcessingException"), None),
    **dict.fromkeys(("QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QMenu",
                     "addItem", "addMenu", "addAction", "addButton", "MutedLabel", "LineLabel",
                     "QgsCollapsibleGroupBox"), (0,)),
    **dict.fromkeys(("QAction", "addAction", "addTab", "setTabText", "setItemText", "insertItem",
                     "setTabToolTip", "addPluginToMenu"), (0, 1)),
    **dict.fromkeys(("information", "warning", "critical", "question", "getText", "getItem",
                     "getOpenFileName", "getSaveFileName", "getExistingDirectory"), (1, 2, 3)),
    **dict.fromkeys(("pushMessage", "createMessage", "setHeaderData"), None),
    "addRow": (0,), "drawText": None, "drawStaticText": None, "setData": None,
}  # fmt: skip
WORDS = {"title", "text", "label", "tip", "tooltip", "placeholder", "description", "caption"}
OURS = {"text", "say", "Message", "DgoError", "label", "has_text", "getattr", "findChild",
        "value", "get", "property", "replace", "join", "split", "startswith", "hex"}  # fmt: skip
# What is the same in every language: signs, units, formats of progress bars.
SAME = re.compile(r"(%p %|°C|dB|CO₂|m²|[0-9.,:%±§]*\s?(ms|mm|cm|km|m|ha|kWh|s)|"
                  r"[A-Z]{3,5} \(\*\.\w+\)|<[^<>]*>|&\w+;)*")  # fmt: skip
LETTERS = re.compile(r"[^\W\d_]{2,}")


def sources() -> list[Path]:
    """The files whose words a user may read."""
    return [p for p in modules() if p.relative_to(PLUGIN).parts[0] in ROOMS]


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def words_in(node: ast.AST) -> Iterator[str]:
    """Literal words that an expression shows; what goes through a function of ours does not."""
    if isinstance(node, ast.Call):
        if name_of(node) in ("format", "join") and isinstance(node.func, ast.Attribute):
            yield from words_in(node.func.value)
            if name_of(node) == "join":
                for argument in node.args:
                    yield from words_in(argument)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.Subscript):
        yield from words_in(node.value)  # the key of a dictionary is not shown
    elif isinstance(node, ast.IfExp):
        yield from words_in(node.body)
        yield from words_in(node.orelse)
    elif isinstance(node, (ast.JoinedStr, ast.BinOp, ast.BoolOp, ast.List, ast.Tuple,
                           ast.FormattedValue, ast.Starred)):  # fmt: skip
        children = [node.value] if isinstance(node, ast.FormattedValue) else (
            ast.iter_child_nodes(node))  # fmt: skip
        for child in children:
            yield from words_in(child)


def visible(word: str) -> bool:
    """Whether a literal holds words of a language."""
    bare = re.sub(r"<[^<>]*>|&\w+;", " ", word)
    return bool(LETTERS.search(bare)) and not SAME.fullmatch(word.strip())


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """(line, words) of every literal that a user would read."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        name = name_of(node)
        if name in SHOWS:
            wanted = SHOWS[name]
            for place, argument in enumerate(node.args):
                if wanted is None or place in wanted:
                    for word in words_in(argument):
                        if visible(word):
                            yield node.lineno, word
        if name in SHOWS or name[:1] == "Q":
            for keyword in node.keywords:
                if keyword.arg in WORDS:
                    for word in words_in(keyword.value):
                        if visible(word):
                            yield node.lineno, word


def test_no_words_for_a_user_stand_in_the_code() -> None:
    read = sources()
    assert len(read) > 60
    found = [f"{path.relative_to(REPO).as_posix()}:{line}: {word!r}"
             for path in read for line, word in spoken(path)]  # fmt: skip
    assert not found, "\n".join(found)


@pytest.mark.parametrize("code, said", [
    ("w.setText('Total mark')", ["Total mark"]),
    ("QLabel('Welcome', parent)", ["Welcome"]),
    ("w.setToolTip(f'{n} marks' if n else 'none here')", [" marks", "none here"]),
    ("QAction(icon, 'Open it', window)", ["Open it"]),
    ("w.setText('mark: ' + shown)", ["mark: "]),
    ("w.setText('{} of {}'.format(1, 2))", ["{} of {}"]),
    ("w.setHeaderLabels(['Term', text('a.b')])", ["Term"]),
    ("raise QgsProcessingException('no layer')", ["no layer"]),
    ("form.addRow('Design', box)", ["Design"]),
    ("QMessageBox.question(self, text('a.b'), 'Sure?')", ["Sure?"]),
    ("w.setText('<b>Sum</b>')", ["<b>Sum</b>"]),
    ("w.setText(text('panel.title'))", []),
    ("w.setText(f'{number(3)} m²')", []),
    ("w.setText('▲ § 3')", []),
    ("w.setText(' · '.join(parts))", []),
    ("w.setObjectName('dgo_button')", []),
    ("w.setText(names['total'])", []),
    ("bar.setFormat('%p %')", []),
])  # fmt: skip
def test_the_scan_sees_them(code: str, said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(code + "\n", encoding="utf-8")
    assert [word for _, word in spoken(path)] == said
