"""A throw-away PostgreSQL with PostGIS: made for the session, on a socket of its own, gone after.

It is started from the programs of Debian's packages, never from a service of the machine. Root may
not run PostgreSQL, so where the tests are root the server runs as the user ``postgres``.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "geheim-3f9a"  # of the user `secret`; must never be met outside the server
READY = """
CREATE ROLE anna LOGIN; CREATE ROLE bert LOGIN; CREATE ROLE lezer LOGIN; CREATE ROLE editors;
GRANT editors TO anna, bert;
CREATE ROLE secret LOGIN PASSWORD '{password}';
CREATE DATABASE with_postgis TEMPLATE template0;
"""
TEMPLATE = "with_postgis"  # what the database of each test is copied from


def _programs() -> Path | None:
    """The folder with initdb: the newest of Debian's that has PostGIS, else that on the path."""
    places = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    share = Path("/usr/share/postgresql")
    made = [p.parent for p in places
            if (share / p.parent.parent.name / "extension" / "postgis.control").is_file()]
    if made:
        return max(made, key=lambda p: int(p.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@dataclass
class Server:
    """A running cluster."""

    socket: Path
    port: int
    programs: Path
    prefix: tuple[str, ...]  # what makes a command run as the owner of the cluster

    def run(self, database: str, sql: str) -> str:
        """Run SQL as the owner; gives the unadorned rows."""
        command = [*self.prefix, str(self.programs / "psql"), "-h", str(self.socket), "-p",
                   str(self.port), "-U", "owner", "-d", database, "-v", "ON_ERROR_STOP=1",
                   "-X", "-q", "-A", "-t"]  # fmt: skip
        done = subprocess.run(command, input=sql, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@dataclass
class Database:
    """One database with PostGIS."""

    server: Server
    name: str

    def run(self, sql: str) -> str:
        return self.server.run(self.name, sql)

    def target(self, user: str = "owner", **more: Any) -> str:
        """The text a person would type."""
        given = {"dbname": self.name, "host": self.server.socket, "port": self.server.port,
                 "user": user, **more}  # fmt: skip
        return "PG:" + " ".join(f"{k}={v}" for k, v in given.items() if v is not None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The cluster of this session."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here (Debian: package postgresql-postgis)")
    prefix: tuple[str, ...] = ()
    if os.getuid() == 0:
        if shutil.which("runuser") is None:
            pytest.skip("root may not run PostgreSQL, and there is no runuser to become another")
        prefix = ("runuser", "-u", "postgres", "--")
    # short: the path of a socket has at most 107 characters
    folder = Path(tempfile.mkdtemp(prefix="dgopg", dir="/tmp"))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if prefix:
        shutil.chown(data, "postgres", "postgres")
        shutil.chown(folder, "postgres", "postgres")
    port = _free_port()

    def call(*command: str) -> None:
        done = subprocess.run([*prefix, *command], capture_output=True, text=True, cwd="/",
                              env={**os.environ, "LC_ALL": "C.UTF-8"})  # fmt: skip
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"

    call(str(programs / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8",
         "--no-sync", "--locale=C.UTF-8")  # fmt: skip
    rules = data / "pg_hba.conf"
    rules.write_text("local all secret scram-sha-256\nlocal all all trust\n", encoding="ascii")
    options = (f"-p {port} -k {folder} -c listen_addresses='' -c fsync=off "
               "-c password_encryption=scram-sha-256 -c logging_collector=off")  # fmt: skip
    log = folder / "log"
    try:
        call(str(programs / "pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-t", "60",
             "-o", options, "start")  # fmt: skip
        made = Server(folder, port, programs, prefix)
        made.run("postgres", READY.format(password=PASSWORD))
        try:
            made.run(TEMPLATE, "CREATE EXTENSION postgis")
        except AssertionError as problem:
            pytest.skip(f"PostGIS is not installed here (Debian: postgresql-postgis): {problem}")
        yield made
    finally:
        subprocess.run([*prefix, str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate",
                        "-w", "stop"], capture_output=True, cwd="/")  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(server: Server, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database with PostGIS."""
    name = re.sub(r"\W", "_", request.node.name.lower())[:40]
    server.run("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    server.run("postgres", f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')
    made = Database(server, name)
    made.run(f'GRANT CREATE ON DATABASE "{name}" TO anna, bert, secret')
    yield made
    # an error that a test kept holds a connection in a circle; QGIS, when it ends, closes GDAL
    gc.collect()
    server.run("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
