"""bantin's settings, read from the environment once.

ARCHIVE_URL        where the archive lies: a directory (default ./archive) or s3://bucket/prefix
BANTIN_SOURCES     the folder of source files (default: sources/ of the checkout)
BANTIN_CONTACT     an e-mail address or web page for the operators of crawled sites; goes into the User-Agent
BANTIN_WORK        the folder for open WARC parts (default: bantin-<user id>/ in the system's temporary folder)
BANTIN_PART_MB     the size at which a WARC part is closed (default 64)
BANTIN_PROCESSES   so many processes clean the pages of this one's sources (default: the processors it may use)
BANTIN_PAGE_LIMIT_S  how long cleaning one page may take before its process is ended (default 60)
BANTIN_ALARMS      who is told of problems: targets, with commas between them (bantin/notifying/targets.py)
BANTIN_SHARDS      so many DAGs share all sources between them (default: a DAG a source)
BANTIN_CACHE       the folder for this machine's copy of the index (default: bantin/ in the user's cache folder)
AIRFLOW_HOME       Airflow's folder (default: .airflow of the checkout)

What lines of the log look like, BANTIN_LOG (text, json), is read by bantin/logs.py. What only a bucket wants is read
where it is used: AWS_* by boto3, BANTIN_S3_SSE, BANTIN_S3_SSE_KMS_KEY_ID and
BANTIN_S3_STORAGE_CLASS by storage/s3_keeping.py.
"""

import os
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Self

from model.errors import BantinError

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder that holds the packages, dags/ and sources/."""


class SettingsError(BantinError):
    """An environment variable holds something else than what it should."""


def usable_processors() -> int:
    """The processors that this process may use: fewer than the machine has, where it was told so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every verb needs to know. `archive` is kept absolute, so that it names the same place in every process."""

    archive: str
    sources: Path
    contact: str | None
    work: Path | None
    part_bytes: int
    airflow_home: Path
    processes: int = field(default_factory=usable_processors)
    page_limit_s: float = 60
    cache: Path | None = None
    alarms: str = ""
    shards: int = 0

    @classmethod
    def from_environment(cls) -> Self:
        """The settings as the environment has them. Raises `SettingsError`."""
        part_mb = _number("BANTIN_PART_MB", "64", "megabytes")
        processes = _number("BANTIN_PROCESSES", str(usable_processors()), "processes")
        work = os.environ.get("BANTIN_WORK")
        cache = os.environ.get("BANTIN_CACHE")
        shards = _number("BANTIN_SHARDS", "0", "DAGs", least=0)
        return cls(
            archive=absolute(os.environ.get("ARCHIVE_URL") or "./archive"),
            sources=Path(os.environ.get("BANTIN_SOURCES") or CHECKOUT / "sources").absolute(),
            contact=os.environ.get("BANTIN_CONTACT") or None,
            work=Path(work).absolute() if work else None,
            part_bytes=int(part_mb * 1_000_000),
            airflow_home=Path(os.environ.get("AIRFLOW_HOME") or CHECKOUT / ".airflow").absolute(),
            processes=max(1, int(processes)),
            page_limit_s=_number("BANTIN_PAGE_LIMIT_S", "60", "seconds"),
            cache=Path(cache).absolute() if cache else None,
            alarms=os.environ.get("BANTIN_ALARMS", ""),
            shards=int(shards),
        )

    def override(self, *, archive: str | None = None, sources: Path | None = None) -> Self:
        """The same with what the command line names."""
        return replace(
            self,
            archive=absolute(archive) if archive else self.archive,
            sources=sources.absolute() if sources else self.sources,
        )

    @property
    def user_agent(self) -> str:
        """How a crawl introduces itself."""
        return f"bantin/{version('bantin')} ({f'+{self.contact}' if self.contact else 'no contact configured'})"

    def environment(self) -> dict[str, str]:
        """The environment variables that give a child process these settings."""
        values = {
            "ARCHIVE_URL": self.archive,
            "BANTIN_SOURCES": str(self.sources),
            "BANTIN_CONTACT": self.contact or "",
            "BANTIN_WORK": str(self.work or ""),
            "BANTIN_CACHE": str(self.cache or ""),
            "BANTIN_ALARMS": self.alarms,
            "BANTIN_PART_MB": str(self.part_bytes / 1_000_000),
            "AIRFLOW_HOME": str(self.airflow_home),
            "BANTIN_PROCESSES": str(self.processes),
            "BANTIN_PAGE_LIMIT_S": str(self.page_limit_s),
            "BANTIN_SHARDS": str(self.shards or ""),
        }
        return {name: value for name, value in values.items() if value}


def _number(name: str, default: str, unit: str, *, least: float | None = None) -> float:
    """The positive number, or one from `least` on, that the variable `name` holds. Raises `SettingsError`."""
    value = os.environ.get(name) or default
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not (number > 0 if least is None else number >= least) or number == float("inf"):
        raise SettingsError(f"{name}: {value!r}: expected a number of {unit}")
    return number


def absolute(archive: str) -> str:
    """An archive's address that does not depend on the working directory. What looks like a scheme is left for
    `open_store` to judge: `s3:/bucket` is no folder."""
    return archive if ":" in archive.partition("/")[0] else str(Path(archive).expanduser().absolute())
