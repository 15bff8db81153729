"""A server that is a program: started, stopped and started again by a test, and ended with the tests, however these
end."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

START_S = 90
END_S = 30


class Command:
    """A program in a session of its own. With a `port` it counts as started when something listens there; as a `user`
    it runs where the tests are root's. `folder` is where it works. With `restart` it
    is started again whenever it ends by itself, and `restarts` counts that. What it says is appended to `log`."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        user: str | None = None,
        folder: Path | None = None,
        restart: bool = False,
    ) -> None:
        self.log = log
        self.port = port
        self._environment = environment
        self.restarts = 0
        self._folder = folder
        self._restart = restart
        self._wanted = False
        identity = ["--reuid", user, "--regid", user, "--init-groups"] if user and os.geteuid() == 0 else []
        self._command = ["setpriv", "--pdeathsig", "TERM", *identity, "--", *command]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process, which leads its session."""
        assert self._process
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has been started, and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Starts it, and waits until it listens."""
        self._wanted = True
        self._spawn()
        deadline = time.monotonic() + START_S
        while self.port and not listens(self.port):
            is_coming = self.is_running and time.monotonic() < deadline
            assert is_coming, f"it did not start:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.05)
        if self._restart:
            threading.Thread(target=self._keep_up, daemon=True).start()
        return self

    def _keep_up(self) -> None:
        while self._process and self._process.wait() is not None and self._wanted:
            self.restarts += 1
            self._spawn()

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, timeout_s: float) -> int:
        """Its exit code, once it has ended."""
        assert self._process
        return self._process.wait(timeout_s)

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = END_S) -> None:
        """Sends it the signal, and waits for its end; what is left of its session is killed."""
        self._wanted = False
        if self._process is None:
            return
        if self.is_running:
            self._process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def listens(port: int) -> bool:
    """Whether a connection to the port is taken."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on."""
    with ExitStack() as sockets:
        held = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
