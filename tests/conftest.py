"""Fixtures for all: the demo's web, settings with an archive of their own, the shared material, S3 servers."""

import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bantin.settings import CHECKOUT, Settings
from demo import SOURCES, DemoWeb
from model.source import Source, load_source
from tests.forked import SUBPROCESS
from tests.memory_disk import use_memory
from tests.servers.faulty_s3 import faulty_s3  # noqa: F401 - a fixture, as are the next
from tests.servers.s3 import moto_s3, swift_s3  # noqa: F401
from tests.settings import settings_in

LONGEST = (
    "dags/test_scheduler.py",
    "faults/test_network.py",
    "browse/web/test_reading.py",
    "bantin/test_crew.py",
    "faults/test_killed.py",
    "cleaning/test_hostile.py",
    "dags/test_reclean_dag.py",
    "spiders/test_continuation.py",
    "bantin/test_rerun.py",
    "test_archive_format.py",
    "bantin/test_cli.py",
    "dags/test_crawl_runs.py",
    "storage/test_lease.py",
    "faults/test_killed_s3.py",
    "bantin/test_reclean_command.py",
    "storage/test_store.py",
    "dags/test_source_dags.py",
    "spiders/test_lease_crawl.py",
    "spiders/test_crawl.py",
)
"""The files that take longest. They come first, so that no worker is left with one when the others have ended."""

SHARED = Path(os.environ.get("BANTIN_SHARED", CHECKOUT.parent / "shared"))


def pytest_configure() -> None:
    """Before any folder is made, and any process."""
    use_memory()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts in the background ignore it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts the files (pytest-xdist keeps the order, and a file together)."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(autouse=True, scope="session")
def _forked_crawls() -> Iterator[None]:
    """What calls bantin's verbs here crawls in forks of a process that is warm (tests/forked.py)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bantin.child.subprocess", SUBPROCESS)
        yield


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crawl is started as it is for users: by its command line."""
    monkeypatch.setattr("bantin.child.subprocess", subprocess)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the developer's settings."""
    names = ["SOURCES", "CONTACT", "WORK", "PART_MB", "PROCESSES", "PAGE_LIMIT_S", "CACHE", "ALARMS", "LOG", "SHARDS"]
    names += ["S3_SSE", "S3_SSE_KMS_KEY_ID", "S3_STORAGE_CLASS"]
    for name in ("ARCHIVE_URL", "AIRFLOW_HOME", *(f"BANTIN_{name}" for name in names)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shared() -> Path:
    """The folder of shared material (real pages, corpus); the test is skipped where it is missing."""
    if not (SHARED / "corpus" / "build.py").is_file():
        pytest.skip(f"no shared material at {SHARED}: set BANTIN_SHARED to run this test")
    return SHARED


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoWeb]:
    """The demo's web, which sources find through ${BANTIN_DEMO_PROXY}."""
    with DemoWeb() as web:
        monkeypatch.setenv("BANTIN_DEMO_PROXY", web.proxy_url)
        yield web


@pytest.fixture
def settings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Settings:
    """Settings of a fresh archive; what bantin logs is captured."""
    for name in ("bantin", "spiders"):
        caplog.set_level(logging.INFO, name)
    return settings_in(tmp_path)


def demo_source(name: str, **changes: Any) -> Source:
    """A source of the demo, without delay and with `changes` of its fetch section."""
    source = load_source(SOURCES / f"demo-{name}.yaml")
    return source.model_copy(
        update={"fetch": source.fetch.model_copy(update={"delay_s": 0, "cloaking_probes": 0, **changes})}
    )


def trouble_source(*paths: str, **changes: Any) -> Source:
    """A source whose listings are the given pages of trouble.example, all of whose pages count as articles.

    `changes` are of its fetch section.
    """
    return Source.model_validate(
        {
            "id": "trouble",
            "name": "Trouble",
            "url": "http://trouble.example/",
            "kind": "portal",
            "languages": ["vi"],
            "schedule": "0 0 * * *",
            "discovery": {"listings": [{"url": f"http://trouble.example{path}"} for path in paths or ("/",)]},
            "articles": {"allow": ["^/."]},
            "fetch": {
                "delay_s": 0,
                "concurrency": 8,
                "timeout_s": 3,
                "retries": 0,
                "proxy": "${BANTIN_DEMO_PROXY}",
                "cloaking_probes": 0,
                **changes,
            },
        }
    )


def slow_source() -> Source:
    """Fast pages, then one that keeps the crawl busy for long."""
    source = trouble_source("/", timeout_s=120, concurrency=4)
    return Source.model_validate(
        {
            **source.model_dump(),
            "articles": {"allow": ["^/redirect/2", "^/drip"]},
        }
    )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB, for archives."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "bantin-test", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)
