"""Servers on the loopback address for the tests: QGIS Server, and one with faults."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BOX = (150_000.0, 450_000.0, 150_400.0, 450_400.0)  # meets all 25 squares of the server
WFS, OAPIF, WCS = ("wfs", "wfs", "t:vlak"), ("oapif", "ogc", "vlak"), ("wcs", "wcs", "laag")
WMS = ("wms", "wms", "beeld")


def fetching(address: str, folder: Path) -> Any:
    """fetch(WFS, fault) -> outcome of one service of the server with faults at ``address``; limits
    and service may be changed by name."""
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsFeedback,
        QgsProject,
        QgsRectangle,
    )

    from dgo_twin_plugin.services import run
    from dgo_twin_plugin.services.attempts import Limits
    from dgo_twin_plugin.services.catalogue import Service
    from dgo_twin_plugin.services.fetch import Fetcher

    def fetch(which: tuple[str, str, str], fault: str, **changes: Any) -> Any:
        kind, path, layer = which
        crs = "EPSG:4326" if kind == "oapif" else "EPSG:28992"
        service = Service("a", {"nl": "A", "en": "A"}, f"{address}/{fault}/{path}", kind,
                          {"vlak": layer}, "none", "CC0", "K", margin=0.0, crs=crs,
                          page_size=100 if kind == "wcs" else 10)  # fmt: skip
        limits = Limits(timeout=changes.pop("timeout", 5.0), retries=changes.pop("retries", 0))
        feedback = changes.pop("feedback", None) or QgsFeedback()
        wish = run.Wish(QgsRectangle(*changes.pop("box", BOX)),
                        QgsCoordinateReferenceSystem("EPSG:28992"), folder,
                        changes.pop("max_age", 0.0), changes.pop("offline", False))  # fmt: skip
        limits = dataclasses.replace(
            limits, **{k: changes.pop(k) for k in ("max_features", "keep_incomplete")
                       if k in changes})  # fmt: skip
        service = dataclasses.replace(service, **changes)
        fetcher = Fetcher(limits, feedback, QgsProject.instance().transformContext())
        fetch.told = []
        return run.bring(service, wish, fetcher, fetch.told.append, lambda share: None)

    return fetch


def said(outcome: Any) -> str:
    """Why it failed, in words."""
    from dgo_twin_plugin.engine.texts import text

    return text(outcome.why) if outcome.why else ""


@contextmanager
def faulty() -> Iterator[str]:
    """The address of the server with faults, without a fault's name."""
    with beside("faulty_server.py") as address:
        yield address


@contextmanager
def proxy(address: str, login: str = "") -> Iterator[str]:
    """The address of a proxy that leads ``*.invalid`` to the server at ``address``; with
    ``login`` ("user:password") it wants that."""
    with beside("proxy_server.py", address.rpartition(":")[2], *([login] if login else [])) as made:
        yield made


@contextmanager
def beside(name: str, *words: str) -> Iterator[str]:
    """The address of a server of this folder, in a process of its own."""
    file = Path(__file__).with_name(name)
    server = subprocess.Popen(
        [sys.executable, str(file), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        end(server)


@contextmanager
def qgis_server(project: Path) -> Iterator[str]:
    """The address of QGIS Server with this project."""
    binary = shutil.which("qgis_mapserver")
    if binary is None:
        pytest.skip("QGIS Server is not installed: scripts/install-deps.sh run test")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = project.with_suffix(".log").open("wb")
    server = subprocess.Popen(
        [binary, "-p", str(project), f"127.0.0.1:{port}"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/?SERVICE=WFS&REQUEST=GetCapabilities", server)
        yield address
    finally:
        end(server)
        log.close()


def wait_for(url: str, server: subprocess.Popen, seconds: float = 60.0) -> None:
    """Until it answers; fails where it does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"QGIS Server did not answer (exit {server.poll()})")


def end(server: subprocess.Popen) -> None:
    """Stop a server that a test started."""
    if server.stdin is not None:
        server.stdin.close()
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(10)
    if server.stdout is not None:
        server.stdout.close()
