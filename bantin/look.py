"""The verb look: what the next crawl of a source would ask for, and why, without storing anything."""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bantin.child import CrawlProcess, OnProgress
from bantin.errors import FetchFailed
from bantin.settings import Settings
from bantin.waits import asked_to_wait
from model.source import Source, dump_source
from storage.keys import run_id
from storage.store import open_store


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a look found.

    `plan` has a row for each address that would be asked for, or left to a later run: `kind`, `url`, `why` (new, left
    by an earlier run, failed before, due; or over the budget) and `via`, the list that names it. `skipped` counts the
    others by reason, `lists` the lists, and robots.txt, that were asked just now, by outcome. `errors` are lists that
    did not answer; `warnings` are about the source's file.
    """

    plan: list[dict[str, str | None]]
    skipped: dict[str, int]
    lists: dict[str, int]
    errors: list[dict[str, str]]
    warnings: list[str]

    @property
    def reasons(self) -> Counter[str]:
        """How many addresses would be asked for, by why."""
        return Counter(f"{row['kind']}: {row['why']}" for row in self.plan)


def look_ahead(
    source: Source, settings: Settings, secrets: Mapping[str, str] | None = None, on_progress: OnProgress | None = None
) -> Outlook:
    """Asks for the lists of `source` and sets them against what the archive knows. Raises `FetchFailed`."""
    run = run_id(datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder, f"{source.id}.yaml")
        rules.write_text(dump_source(source), "utf-8")
        waits = asked_to_wait(open_store(settings.archive), source.id, run)
        arguments = ["--source", source.id, "--run", run, "--attempt", "1", "--rules", str(rules)]
        arguments += ["--wait-until", json.dumps(waits)]
        scratch = replace(settings, work=Path(folder))
        exit_code, end = CrawlProcess(scratch, arguments, secrets or {}, on_progress).run()
    if exit_code:
        reason = end.get("reason") or f"the crawl died with exit code {exit_code}"
        raise FetchFailed(reason, source=source.id, run=run, exit_code=exit_code)
    return Outlook(end["plan"], end["skipped"], end["captures"], end["errors"], end["warnings"])
