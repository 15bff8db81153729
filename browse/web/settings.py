"""How the web application is told what to show, and to whom."""

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`archive` is an address that `storage.store.open_store` takes; `cache` a folder for the index. Times are shown in
    `timezone`. Readers must give the `token`, if there is one; or a reverse proxy sets `identity_header` to the name of
    who has signed in. `airflow` is the address of Airflow's pages, for links to its runs."""

    archive: str
    cache: Path | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Ho_Chi_Minh"))
    token: str | None = None
    identity_header: str | None = None
    airflow: str | None = None
