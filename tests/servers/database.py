"""PostgreSQL on loopback, from Debian's packages, with a data folder of its own: the same after each start."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.command import Command, free_ports

USER = "postgres"
"""PostgreSQL refuses to run as root."""

DATABASE = "airflow"


def missing_for_postgres() -> str:
    """What this machine lacks to run it; "" where it can."""
    return "" if _programs() else "apt-get install postgresql"


class Postgres:
    """A server with an empty database `airflow`, of the user `airflow`."""

    def __init__(self, password: str) -> None:
        (self.port,) = free_ports(1)
        self.password = password
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # not below a folder that only root may enter

    def __enter__(self) -> Self:
        programs = _programs()
        assert programs, missing_for_postgres()
        (self._folder / "password").write_text(self.password)
        if os.geteuid() == 0:
            for path in (self._folder, self._folder / "password"):
                shutil.chown(path, USER, USER)
        data = str(self._folder / "data")
        self._run(str(programs / "initdb"), "-D", data, "-U", "airflow", "--pwfile", str(self._folder / "password"),
                  "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "max_connections": 200,
            "fsync": "off",
        }
        command = [str(programs / "postgres"), "-D", data]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._server = Command(command, self._folder / "log", port=self.port, user=USER).start()
        address = f"postgresql://airflow:{self.password}@127.0.0.1:{self.port}/postgres"
        self._run(str(programs / "psql"), address, "-c", f"CREATE DATABASE {DATABASE}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it again."""
        self._server.start()

    def stop(self) -> None:
        """Ends every connection, and the server."""
        self._server.stop(signal.SIGINT)

    def _run(self, *command: str) -> None:
        as_user = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **as_user)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr


def _programs() -> Path | None:
    """Debian keeps the server's programs off the PATH, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None
