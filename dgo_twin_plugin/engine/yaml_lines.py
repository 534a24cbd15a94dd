"""YAML that remembers where everything stood, so that an error can name file, line and key.

Differences from plain PyYAML, each because people write these files by hand: keys are always the
text as written (``no:``, ``10:`` and ``2030-01-01:`` stay words), ``1e-6`` is a number, ``on`` and
``12:30`` are words, a key given twice is refused.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .words import DgoError, Message, say

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_NODES = 200_000  # more is no file that a person wrote
MAX_DEPTH = 40


class _Loader(_Base):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}


for _tag, _pattern, _first in (
    ("bool", r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE)$", "yYnNtTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+"
              r"|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+0123456789."),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
    ("merge", r"^<<$", "<"),
):  # fmt: skip
    _Loader.add_implicit_resolver("tag:yaml.org,2002:" + _tag, re.compile(_pattern), list(_first))


class FileProblem(DgoError):
    """An error in a file that somebody wrote: where, what, and what to do about it."""

    def __init__(self, key: str, file: str, line: int, where: str, **params: Any) -> None:
        place = Message("errors.file.place" if where else "errors.file.place_line",
                        {"file": file, "line": line, "key": where})  # fmt: skip
        super().__init__(key, place=place, **params)
        self.file, self.line, self.key = file, line, where


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, if any is much like it."""
    by_fold = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(word.casefold(), list(by_fold), 1, 0.6)
    return by_fold[found[0]] if found else None


def remedy(word: str, known: Iterable[str]) -> Message:
    """Advice for an unknown word: the nearest known one, else all of them."""
    names = [str(k) for k in known]
    near = nearest(word, names)
    if near:
        return say("errors.file.did_you_mean", word=near)
    return say("errors.file.choose_from", words=", ".join(names))


@dataclass(frozen=True)
class Node:
    """A value and its place. ``value`` is a dict of nodes, a list of nodes, or a scalar."""

    value: Any
    file: str
    line: int
    key: str  # dotted path of keys from the top of the file

    # --- errors ---------------------------------------------------------------------------
    def problem(self, key: str, **params: Any) -> FileProblem:
        """An error at this place; ``key`` as in ``i18n/<lang>/errors.json``."""
        return FileProblem("errors." + key, self.file, self.line, self.key, **params)

    def _wrong(self, expected: str, **params: Any) -> FileProblem:
        found = (
            self.value if not isinstance(self.value, (dict, list)) else type(self.value).__name__
        )
        return self.problem("file.type", found=str(found),
                            expected=say("errors.file.expected." + expected, **params))  # fmt: skip

    # --- what it should be ----------------------------------------------------------------
    @property
    def null(self) -> bool:
        return self.value is None

    def mapping(
        self, allowed: Iterable[str] | None = None, needed: Iterable[str] = ()
    ) -> dict[str, Node]:
        """The keys of a block. Keys not allowed are refused, with the nearest allowed key."""
        if self.value is None:
            value: dict[str, Node] = {}
        elif isinstance(self.value, dict):
            value = self.value
        else:
            raise self._wrong("mapping")
        if allowed is not None:
            known = list(allowed)
            for key, node in value.items():
                if key not in known:
                    raise node.problem("file.unknown_key", word=key, remedy=remedy(key, known))
        for key in needed:
            if key not in value:
                raise self.problem("file.missing_key", word=key)
        return value

    def sequence(self) -> list[Node]:
        if not isinstance(self.value, list):
            raise self._wrong("list")
        return self.value

    def text(self) -> str:
        if isinstance(self.value, bool) or not isinstance(
            self.value, (str, int, float, datetime.date)
        ):
            raise self._wrong("text")
        return str(self.value)

    def number(self, low: float = -float("inf"), high: float = float("inf")) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self._wrong("number")
        value = float(self.value)
        if not low <= value <= high or abs(value) == float("inf"):
            raise self._wrong("range", low=_plain(low), high=_plain(high))
        return value

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self._wrong("boolean")
        return self.value

    def date(self) -> datetime.date:
        if not isinstance(self.value, datetime.date):
            raise self._wrong("date")
        return self.value

    def choice(self, options: Iterable[str]) -> str:
        known = list(options)
        word = self.text()
        if word not in known:
            raise self.problem("file.choice", word=word, remedy=remedy(word, known))
        return word

    def texts(self) -> tuple[str, ...]:
        """A text or a list of texts."""
        if isinstance(self.value, list):
            return tuple(n.text() for n in self.value)
        return (self.text(),)

    def languages(self) -> dict[str, str]:
        """A text in Dutch and English: ``{nl: ..., en: ...}``, or one text for both."""
        if isinstance(self.value, dict):
            return {k: n.text() for k, n in self.mapping(("nl", "en"), ("nl", "en")).items()}
        return {"nl": self.text(), "en": self.text()}

    def plain(self) -> Any:
        """The same without places: dicts, lists, scalars."""
        if isinstance(self.value, dict):
            return {k: n.plain() for k, n in self.value.items()}
        if isinstance(self.value, list):
            return [n.plain() for n in self.value]
        return self.value


def _plain(value: float) -> str:
    return "…" if abs(value) == float("inf") else f"{value:g}"


def read_yaml(path: str | Path) -> Node:
    """Read one YAML file. Raises :class:`FileProblem` or ``DgoError`` with a sentence."""
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DgoError("errors.file.not_found", file=str(path)) from None
    except UnicodeDecodeError:
        raise DgoError("errors.file.not_utf8", file=str(path)) from None
    except OSError as error:
        raise DgoError("errors.file.unreadable", file=str(path), why=str(error)) from None
    return parse_yaml(content, str(path))


def parse_yaml(content: str, file: str = "") -> Node:
    """Parse YAML text; ``file`` is the name used in errors."""
    loader = _Loader(content)
    try:
        root = loader.get_single_node()
        if root is None:
            return Node(None, file, 1, "")
        return _build(loader, root, file, "", 0, [0])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else 1
        raise FileProblem("errors.file.syntax", file, line, "", why=why) from None
    finally:
        loader.dispose()


def _build(loader: Any, node: Any, file: str, key: str, depth: int, count: list[int]) -> Node:
    line = node.start_mark.line + 1
    count[0] += 1
    if depth > MAX_DEPTH or count[0] > MAX_NODES:
        raise FileProblem("errors.file.too_deep", file, line, key)
    if isinstance(node, yaml.MappingNode):
        merged = any(k.tag.endswith(":merge") for k, _ in node.value)
        block: dict[str, Node] = {}
        if not merged:
            seen: set[str] = set()
            for key_node, _ in node.value:
                if not isinstance(key_node, yaml.ScalarNode):
                    continue  # refused below
                if key_node.value in seen:
                    raise FileProblem("errors.file.duplicate", file, key_node.start_mark.line + 1,
                                      key, word=key_node.value)  # fmt: skip
                seen.add(key_node.value)
        else:
            loader.flatten_mapping(node)
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise FileProblem("errors.file.key_text", file, key_node.start_mark.line + 1, key)
            name = str(key_node.value)
            child = f"{key}.{name}" if key else name
            built = _build(loader, value_node, file, child, depth + 1, count)
            block[name] = Node(built.value, file, key_node.start_mark.line + 1, child)
        return Node(block, file, line, key)
    if isinstance(node, yaml.SequenceNode):
        items = [_build(loader, n, file, f"{key}[{i + 1}]", depth + 1, count)
                 for i, n in enumerate(node.value)]  # fmt: skip
        return Node(items, file, line, key)
    try:
        return Node(loader.construct_object(node, deep=True), file, line, key)
    except ValueError as error:  # 2030-02-30
        raise FileProblem("errors.file.syntax", file, line, key, why=str(error)) from None


class Collector:
    """Gathers problems so that one reading of a profile names them all."""

    def __init__(self) -> None:
        self.problems: list[DgoError] = []

    def attempt(self, work: Callable[..., Any], *args: Any) -> Any:
        """The result of ``work``, or None with its problem kept."""
        try:
            return work(*args)
        except DgoError as problem:
            self.problems.append(problem)
            return None

    def finish(self) -> None:
        """Raise what was gathered: one problem as itself, more as a list in one error."""
        if len(self.problems) == 1:
            raise self.problems[0]
        if self.problems:
            raise SeveralProblems(self.problems)


class SeveralProblems(DgoError):
    """More than one problem in one profile; ``problems`` holds them."""

    def __init__(self, problems: list[DgoError]) -> None:
        shown = [p.message for p in problems[:10]]
        lines: Any = Message("errors.file.line_last", {"first": shown[-1]})
        for message in reversed(shown[:-1]):
            lines = Message("errors.file.line_more", {"first": message, "rest": lines})
        super().__init__("errors.file.several", n=len(problems), lines=lines)
        self.problems = problems
