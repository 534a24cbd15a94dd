"""qgis_process without a window, in a throw-away profile that loads only this plugin.

    qgis = Headless(profile, plugins)
    qgis.run("dgo:createdemo", FOLDER="...")
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

PLUGIN = "dgo_twin_plugin"
# What QGIS and Qt say on every start; it says nothing about the plugin.
NOISE = (
    "QStandardPaths: ",
    "<string>:1: DeprecationWarning: setapi()",
    "Problem with GRASS installation",
    "Application path not initialized",
    "Problem with OTB installation",
    "Problem with SAGA installation",
)


class HeadlessError(RuntimeError):
    """qgis_process is absent, or a run of it failed; the text holds what it said."""


def candidates() -> Iterator[str]:
    """The programs that may be qgis_process. Debian 12's wrapper of that name hands its program an
    option which the program refuses, so the program itself comes second."""
    for name in ("qgis_process", "qgis_process.bin", "qgis_process-qgis", "qgis_process-qgis-ltr"):
        found = shutil.which(name)
        if found:
            yield found


class Headless:
    """A qgis_process with this plugin. ``profile`` is made where absent; ``plugins`` is the folder
    that holds the folder dgo_twin_plugin."""

    def __init__(self, profile: Path, plugins: Path) -> None:
        runtime = profile / "runtime"
        runtime.mkdir(parents=True, exist_ok=True)
        runtime.chmod(0o700)
        self.environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_CUSTOM_CONFIG_PATH": str(profile),
            "QGIS_PLUGINPATH": str(plugins),
            "XDG_RUNTIME_DIR": str(runtime),
            "PYTHONNOUSERSITE": "1",
        }
        self.program = self._find()
        # a profile that was used before: QGIS answers 1 where the plugin is enabled already
        done = self._start(self.program, "plugins", "enable", PLUGIN, check=False)
        if done.returncode and "already enabled" not in done.stdout + done.stderr:
            raise HeadlessError(f"The plugin cannot be enabled:\n{done.stdout}{done.stderr}")

    def _find(self) -> str:
        tried = []
        for program in candidates():
            done = self._start(program, "--version", check=False)
            if done.returncode == 0 and "QGIS" in done.stdout:
                self.version = done.stdout.splitlines()[0].strip()
                return program
            tried.append(f"{program}: {(done.stderr or done.stdout).strip()[-200:]}")
        raise HeadlessError("No qgis_process that works.\n" + "\n".join(tried))

    def _start(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        done.stderr = "\n".join(
            line for line in done.stderr.splitlines() if not line.startswith(NOISE)
        ).strip()
        if check and done.returncode != 0:
            said = f"{done.stdout}\n{done.stderr}".strip()
            raise HeadlessError(f"{' '.join(command)}\nended with {done.returncode}:\n{said}")
        return done

    def call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run qgis_process with these words."""
        return self._start(self.program, *words, check=check)

    def run(
        self, algorithm: str, check: bool = True, **parameters: object
    ) -> subprocess.CompletedProcess[str]:
        """Run an algorithm; what it said is shown as it is. Raises HeadlessError when it fails."""
        given = [f"{name}={value}" for name, value in parameters.items()]
        return self.call("run", algorithm, "--", *given, check=check)
