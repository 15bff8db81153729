"""Redis on loopback, from Debian's packages, which keeps what it was told when it is stopped."""

import shutil
from pathlib import Path

from tests.servers.command import Command, free_ports


def missing_for_redis() -> str:
    """What this machine lacks to run it; "" where it can."""
    return "" if shutil.which("redis-server") else "apt-get install redis-server"


class Redis(Command):
    """A server that keeps its queues in `folder`."""

    def __init__(self, folder: Path, password: str) -> None:
        (port,) = free_ports(1)
        options = {"port": str(port), "bind": "127.0.0.1", "dir": str(folder), "requirepass": password}
        options |= {"appendonly": "yes", "save": ""}
        command = ["redis-server", *(word for name, value in options.items() for word in (f"--{name}", value))]
        super().__init__(command, folder / "redis.log", port=port)
