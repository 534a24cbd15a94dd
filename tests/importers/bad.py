"""What every importer owes its user where the input is bad: a sentence, and nothing left behind."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.texts import LANGUAGES, text
from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.importers._package import Outcome, Request


def asked(inputs: list[Path] | Path, output: Path, **more: Any) -> Request:
    """A request for these files."""
    files = inputs if isinstance(inputs, list) else [inputs]
    return Request([str(f) for f in files], output, **more)


def refused(key: str, run: Callable[[Request], Outcome], request: Request) -> str:
    """The English sentence of a refusal under this key; an older result stays as it was."""
    request.output.write_bytes(b"of yesterday")
    with pytest.raises(DgoError) as caught:
        run(request)
    assert caught.value.message.key == f"errors.import.{key}"
    for lang in LANGUAGES:
        said = text(caught.value.message, lang)
        assert said != caught.value.message.key and "{" not in said
    assert request.output.read_bytes() == b"of yesterday"
    left = [p.name for p in request.output.parent.iterdir() if ".part" in p.name]
    assert not left
    return text(caught.value.message, "en")


def zipped(path: Path, **members: bytes | str) -> Path:
    """A zip; a double underscore in a name stands for a point."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "."), content)
    return path
