"""The verb browse: the archive in a browser, until somebody stops it."""

import ipaddress
import logging
import os
import secrets
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from bantin.errors import CannotServe
from bantin.logs import as_json, log_as_json
from bantin.settings import Settings
from browse.archive import Archive
from browse.errors import NoIndex
from browse.web.settings import WebSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""The names that this machine has for itself alone."""

LEAST_TOKEN = 16
"""A token has so many characters, or could be guessed."""

MOST_CONNECTIONS = 400
"""A process that has more open answers 503."""

REQUESTS_PER_S = 20.0
"""So many requests a second a client may send, unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Where the application is served, and to whom: see `bantin browse --help`. A rate of 0 is no limit."""

    host: str = "127.0.0.1"
    port: int = 8000
    token_file: Path | None = None
    identity_header: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    workers: int = 1
    requests_per_s: float = REQUESTS_PER_S
    airflow: str | None = None


def web_settings(settings: Settings, serving: Serving) -> WebSettings:
    """How the application is to be made. Raises `CannotServe` where it would be open to strangers."""
    guarded = bool(serving.token_file or serving.identity_header)
    if not _is_loopback(serving.host) and not guarded:
        raise CannotServe(
            f"{serving.host} is not this machine alone, and anybody could read the archive there: add "
            "--token-file FILE (made where there is none), or --identity-header NAME --trusted-proxy IP behind a proxy "
            "that signs readers in"
        )
    if bool(serving.identity_header) != bool(serving.trusted_proxies):
        raise CannotServe(
            "--identity-header and --trusted-proxy belong together: anybody can send a header, so it counts only "
            "from the addresses of the proxy"
        )
    if serving.token_file and serving.identity_header:
        raise CannotServe("--token-file and --identity-header: give one of them, readers have one way in")
    return WebSettings(
        archive=settings.archive,
        cache=settings.cache,
        sources=settings.sources,
        token=read_token(serving.token_file) if serving.token_file else None,
        identity_header=serving.identity_header,
        trusted_proxies=tuple(_address(one) for one in serving.trusted_proxies),
        airflow=serving.airflow,
        hosts=serving.hosts if guarded else (*LOOPBACK, *serving.hosts),
        requests_per_s=serving.requests_per_s or None,
    )


def read_token(file: Path) -> str:
    """The token in a file that its owner alone can read; where there is none it is made, with a new token. Raises
    `CannotServe`."""
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(0o600, exist_ok=False)
            file.write_text(secrets.token_urlsafe(32) + "\n")
        mode, token = file.stat().st_mode, file.read_text("utf-8").strip()
    except (OSError, ValueError) as err:
        raise CannotServe(f"{file}: {err}: expected a file that holds the token") from err
    if mode & 0o077:
        raise CannotServe(f"{file}: others can read it: chmod 600 {file}")
    if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise CannotServe(f"{file}: expected a token of {LEAST_TOKEN} letters or more: delete it, and it is made anew")
    return token


def serve(settings: Settings, serving: Serving, console: Console) -> None:
    """Serves the archive until SIGINT or SIGTERM. Raises `CannotServe`, and `StorageError` where the archive cannot be
    read."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    web = web_settings(settings, serving)
    listening = _listen(serving.host, serving.port)
    log_warnings()
    console.print(Text(f"{_what_is_there(web)}."))
    console.print(Text(f"\n  {_address_shown(listening)}\n"))
    if serving.token_file:
        console.print(Text(f"Add ?token=… once, with what is in {serving.token_file}; a cookie remembers it."))
    console.print("Ctrl-C stops it.")
    config = uvicorn.Config(
        partial(_application, web),
        factory=True,
        workers=serving.workers,
        log_level="warning",
        log_config=None,
        access_log=False,  # addresses may bear the token
        server_header=False,
        proxy_headers=False,  # whoever is trusted is told by the application itself
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=5,
        timeout_worker_healthcheck=60,  # a busy machine is slow to start one
    )
    try:
        if serving.workers > 1:
            with TemporaryDirectory(prefix="bantin-counted-") as folder:
                os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # all of them count requests together
                Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()
    console.print("Stopped.")


def log_warnings() -> None:
    """Logs to standard error what goes wrong, in this process."""
    if as_json():
        log_as_json()
    else:
        logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger().setLevel(logging.WARNING)


def _application(web: WebSettings) -> "FastAPI":
    """The application as each process has it: those of several are started anew, and know of no log."""
    from browse.web.app import create_app

    log_warnings()
    return create_app(web)


def _what_is_there(web: WebSettings) -> str:
    """Opens the index, and so fetches what this machine has not of it."""
    archive = Archive(web.archive, web.cache)
    try:
        return f"{archive.index.articles:,} articles of {len(archive.catalog.sources())} sources"
    except NoIndex as err:
        return f"{err}. Pages find it as soon as it is there"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), port))
        listening.listen(1024)  # who asks before the pages are ready waits
    except (OSError, OverflowError) as err:
        listening.close()
        raise CannotServe(f"{host} port {port}: {err}: give another --port, or stop what listens there") from err
    listening.set_inheritable(True)
    return listening


def _address_shown(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as err:
        raise CannotServe(f"--trusted-proxy {text}: expected an IP address, like 127.0.0.1") from err
