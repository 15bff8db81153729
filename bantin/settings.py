"""bantin's settings, read from the environment once.

ARCHIVE_URL        where the archive lies: a directory (default ./archive) or s3://bucket/prefix
BANTIN_SOURCES     the folder of source files (default: sources/ of the checkout)
BANTIN_CONTACT     an e-mail address or web page for the operators of crawled sites; goes into the User-Agent
BANTIN_WORK        the folder for open WARC parts (default: bantin-<user id>/ in the system's temporary folder)
BANTIN_PART_MB     the size at which a WARC part is closed (default 64)
AIRFLOW_HOME       Airflow's folder (default: .airflow of the checkout)
"""

import os
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Self

from model.errors import BantinError

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder that holds the packages, dags/ and sources/."""


class SettingsError(BantinError):
    """An environment variable holds something else than what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every verb needs to know. `archive` is kept absolute, so that it names the same place in every process."""

    archive: str
    sources: Path
    contact: str | None
    work: Path | None
    part_bytes: int
    airflow_home: Path

    @classmethod
    def from_environment(cls) -> Self:
        """The settings as the environment has them. Raises `SettingsError`."""
        part_mb = os.environ.get("BANTIN_PART_MB", "64")
        try:
            part_bytes = int(float(part_mb) * 1_000_000)
        except ValueError as err:
            raise SettingsError(f"BANTIN_PART_MB: {part_mb!r}: expected a number of megabytes") from err
        work = os.environ.get("BANTIN_WORK")
        return cls(
            archive=absolute(os.environ.get("ARCHIVE_URL") or "./archive"),
            sources=Path(os.environ.get("BANTIN_SOURCES") or CHECKOUT / "sources").absolute(),
            contact=os.environ.get("BANTIN_CONTACT") or None,
            work=Path(work).absolute() if work else None,
            part_bytes=part_bytes,
            airflow_home=Path(os.environ.get("AIRFLOW_HOME") or CHECKOUT / ".airflow").absolute(),
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
            "BANTIN_PART_MB": str(self.part_bytes / 1_000_000),
            "AIRFLOW_HOME": str(self.airflow_home),
        }
        return {name: value for name, value in values.items() if value}


def absolute(archive: str) -> str:
    """An archive's address that does not depend on the working directory."""
    return archive if "://" in archive else str(Path(archive).expanduser().absolute())
