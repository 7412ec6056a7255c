"""A PostgreSQL server of the tests' own: on a Unix socket in a temporary folder, as a user without rights."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.waiting import PATIENCE_S, wait_until

_USER = "nobody"
"""Who runs the server where the tests are run by root, as which PostgreSQL refuses to start."""


def programs() -> Path | None:
    """Give the folder of the newest server that is installed, as Debian places them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def running_postgres(folder_of_programs: Path) -> Iterator["Server"]:
    """Run a server until the block ends; it does not wait for the disk, for its data are thrown away."""
    folder = Path(tempfile.mkdtemp(prefix="vx-pg-", dir="/tmp"))  # a socket's path must stay short
    options: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, _USER)
        options = {"user": _USER, "group": "nogroup", "extra_groups": [], "cwd": "/"}
    try:
        initdb = [folder_of_programs / "initdb", "--no-sync", "--auth=trust", "--username=voxloop", "--encoding=UTF8", "--locale=C"]
        subprocess.run([*initdb, folder / "data"], check=True, stdout=subprocess.DEVNULL, **options)
        settings = ("listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "max_connections=300")
        command = [folder_of_programs / "postgres", "-D", folder / "data", *(part for each in settings for part in ("-c", each))]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
        try:
            server = Server(folder)
            wait_until(server.answers)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: what it would still write is thrown away, and some connections may be open
            process.wait(PATIENCE_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A running server, and empty databases in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schemas = 0

    def answers(self) -> bool:
        try:
            psycopg.connect(self._address("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def new_database(self) -> str:
        """Make an empty schema and give its URL; a database of its own for each test would cost more than most tests."""
        self._schemas += 1
        name = f"registry{self._schemas}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql://voxloop@/postgres?host={self._folder}&options=-csearch_path%3D{name}"

    def _address(self, database: str) -> str:
        return f"host={self._folder} user=voxloop dbname={database}"
