"""The constants of the models: ``profiles/models/<name>.yml``, each with source and confidence."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from .. import resources_path
from ..words import DgoError

# the same loader in C, ten times as quick, where the library has it
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def constants(name: str) -> dict[str, Any]:
    """The content of one file of constants. Do not change what you get.

    Raises ``DgoError`` where the file cannot be read: it names the file and the remedy.
    """
    path = resources_path.profiles() / "models" / f"{name}.yml"
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise DgoError("errors.model_constants", path=str(path), detail=str(error)) from None
    if not isinstance(content, dict):
        raise DgoError("errors.model_constants", path=str(path), detail="no mapping")
    return content
