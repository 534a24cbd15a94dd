"""Servers on the loopback address for the tests: QGIS Server, and one with faults."""

from __future__ import annotations

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

import pytest

FAULTY = Path(__file__).with_name("faulty_server.py")


@contextmanager
def faulty() -> Iterator[str]:
    """The address of the server with faults, without a fault's name."""
    server = subprocess.Popen(
        [sys.executable, str(FAULTY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
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
