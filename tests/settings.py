"""Settings of an archive of a test's own."""

from pathlib import Path
from typing import Any

from bantin.settings import Settings
from demo import SOURCES


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings that name a fresh archive in `folder`, and keep all else there; the sources are the demo's."""
    values: dict[str, Any] = {
        "archive": str(folder / "archive"),
        "sources": SOURCES,
        "contact": "https://bantin.example/contact",
        "work": folder / "work",
        "part_bytes": 64_000_000,
        "airflow_home": folder / "airflow",
        "cache": folder / "cache",
    }
    return Settings(**{**values, **changes})
