"""The verb up: Airflow on this machine, until somebody stops it."""

import signal
import time
from types import FrameType

from rich.console import Console

from bantin.engine import airflow
from bantin.settings import Settings
from model.source import source_files
from storage.store import check_writable, open_store


def run_until_interrupted(settings: Settings, port: int, console: Console) -> None:
    """Runs scheduler and web interface until SIGINT or SIGTERM, and stops every process they started.

    A source file with mistakes is a red DAG. Raises `SourceError` where there is no registry, `StorageError` where the
    archive cannot be written, `EngineError` where Airflow does not come up.
    """
    check_writable(open_store(settings.archive))
    files = source_files(settings.sources)
    log = settings.airflow_home / "airflow.log"
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, _interrupt)
    console.print(f"Starting Airflow (about 40 s); its log is {log}")
    try:
        with airflow(settings, port, log) as running:
            console.print(
                f"\n  address   {running.address}\n  user      {running.user}\n  password  {running.password}\n"
            )
            console.print(f"{len(files)} sources are crawled on their schedules into {settings.archive}.")
            console.print("The archive is in the tab Bản tin there; `bantin browse` shows it without Airflow.")
            if settings.contact is None:
                console.print("BANTIN_CONTACT is not set: set it to an address at which their operators can reach you.")
            console.print("Ctrl-C stops everything.")
            while running.process.poll() is None:
                time.sleep(1)
            console.print(f"Airflow ended by itself with exit code {running.process.returncode}: see {log}")
            raise SystemExit(1)
    except KeyboardInterrupt:
        console.print("Stopped, with every process that was started.")


def _interrupt(*_: int | FrameType | None) -> None:
    """Unwinds once: a second Ctrl-C must not cut the orderly end short."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    raise KeyboardInterrupt
