"""One line of the table of benchmarks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Line:
    """One line of the table; ``met`` None where the line is for information."""

    what: str
    found: str
    target: str
    met: bool | None

    def row(self) -> tuple[str, str, str, str]:
        said = "" if self.met is None else "met" if self.met else "**missed**"
        return self.what, self.found, self.target, said
