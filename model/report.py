"""A run report: what a run of a source did, what it could not do, and why."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class State(StrEnum):
    """How far a run has come. FAILED may be run again; PUBLISHED is the end."""

    FETCHED = "fetched"
    PUBLISHED = "published"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Counts and reasons of one run. Lists are capped, counts never are.

    `captures` counts answers by kind and outcome (`article 200`, `listing 304`, `article error` …), `skipped`
    the URLs that were found and not asked for, by reason. `articles` counts `new`, `changed` and `unchanged`
    texts against what the archive held before the run. `removed` counts removed blocks by rule. `vanished` are pages
    that were there before and are gone or moved (`url`, `how`), `cloaked` those that lead a search engine's visitor
    elsewhere (`url`, `leads_to`). `retry` are the pages that could not be cleaned, by no fault of theirs
    (`url`, `kind`, `detail` and the record, `warc_key` and `warc_offset`): the next run asks for them again. `waiting`
    counts addresses left for a later run, `warnings` are for the operator. `recleaned_at` is when a re-clean
    last replaced the articles, if ever; all that is said of articles is of those then.

    `objects` are the run's objects as they were stored (`key`, `size_bytes`, `sha256` and, of a table, `rows`), so that
    damage shows (storage/inventory.py). Empty in reports of earlier versions. `replaced` are the names in `superseded/`
    of the tables and rules that others have replaced, so that their loss shows.

    `wait_until` are the hosts that asked by Retry-After to be left alone for longer than a run waits, each with the
    time (ISO 8601, UTC) until which no later run asks them for anything.
    """

    source: str
    run: str
    state: State
    reason: str | None = None
    attempts: int = 1
    started_at: datetime
    finished_at: datetime
    recleaned_at: datetime | None = None
    captures: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)
    waiting: int = 0
    vanished: list[dict[str, str]] = field(default_factory=list)
    cloaked: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    articles: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    rejections: list[dict[str, str]] = field(default_factory=list)
    retry: list[dict[str, str | int]] = field(default_factory=list)
    removed: dict[str, int] = field(default_factory=dict)
    spam: list[dict[str, str]] = field(default_factory=list)
    timings_s: dict[str, float] = field(default_factory=dict)
    cleaner_version: str | None = None
    objects: list[dict[str, str | int]] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    wait_until: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The report in one line."""
        if self.state == State.FAILED:
            return f"failed: {self.reason}"
        new, changed, unchanged = (self.articles.get(name, 0) for name in ("new", "changed", "unchanged"))
        head = f"{new} new, {changed} changed" if new or changed else "no new text"
        rest = f"{unchanged} unchanged, {sum(self.rejected.values())} rejected"
        rest += f", {sum(self.removed.values())} blocks removed, {len(self.spam)} injected links"
        told = (
            (len(self.retry), "to be cleaned again"),
            (len(self.vanished), "vanished"),
            (self.blocked, "blocked"),
            (len(self.cloaked), "cloaked"),
        )
        return f"{head}; {rest}" + "".join(f", {count} {what}" for count, what in told if count)

    @property
    def blocked(self) -> int:
        """How many answers were block or captcha pages in an article's or list's place."""
        return sum(count for what, count in self.captures.items() if what.endswith(" blocked")) + self.rejected.get(
            "blocked", 0
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The report that `values` (as read from report.json) stands for; fields of a later version are left out."""
        known = {f.name for f in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        kept["state"] = State(kept["state"])
        for name in ("started_at", "finished_at", "recleaned_at"):
            if kept.get(name):
                kept[name] = datetime.fromisoformat(kept[name])
        return cls(**kept)
