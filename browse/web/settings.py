"""How the web application is told what to show, and to whom."""

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`archive` is an address that `storage.store.open_store` takes; `cache` a folder for the index,
    `sources` the registry, whose sources the page of health knows. Times are shown in
    `timezone`. Readers must give the `token`, if there is one; or a reverse proxy, one of the addresses
    `trusted_proxies`, sets `identity_header` to the name of who has signed in. `airflow` is the address of Airflow's
    pages, for links to its runs.

    `hosts` are the names that a request may call this server by, any where there are none. A client may send
    `requests_per_s`, and ten seconds' worth of them at once; None is no limit. A request's work is given up after
    `work_limit_s`. Answers that fit into `kept_bytes` together are kept and sent again.
    """

    archive: str
    cache: Path | None = None
    sources: Path | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Ho_Chi_Minh"))
    token: str | None = None
    identity_header: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    airflow: str | None = None
    hosts: tuple[str, ...] = ()
    requests_per_s: float | None = None
    work_limit_s: float = 30
    kept_bytes: int = 32_000_000
