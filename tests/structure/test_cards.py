"""docs/methods holds what scripts/cards.py writes today."""

from __future__ import annotations

import subprocess
import sys

from tests.structure.source import REPO


def test_the_cards_in_docs_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(REPO / "scripts" / "cards.py"), "--check"],
                          capture_output=True, text=True, cwd=REPO)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr + "\nrun: python scripts/cards.py"
