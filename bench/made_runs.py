"""Made-up runs of made-up sources, day by day, as the catalog would have them: no page is crawled for them.

Sources differ in how much they publish, on which weekdays, how it comes in bouts, how often they are crawled, and in
what is always wrong with them: requests that fail, pages that are gone, fields that are missing, injected links. Their
levels drift. Now and then a run fails, or none comes, and the next one finds the news of both days.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from browse.catalog import COVERED, RunEntry
from storage.keys import run_id

RULES = ("menu", "share-buttons", "related", "breadcrumb", "comments", "advertisement", "tag-list", "print-link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a source is like on a day: `rate` new articles a day are expected, `revisits` pages are asked for again, and
    so on; shares are of requests, of pages or of articles."""

    rate: float
    bouts: float
    weekend: float
    revisits: float
    schedule: str
    every_h: int
    failing: float
    gone: float
    rejected: float
    coverage: dict[str, float]
    rules: dict[str, float]
    links: float
    blocked: float = 0.0
    quarantined: float = 0.0
    cloaked: float = 0.0
    future: float = 0.0
    backlog: int = 0
    """Pages that come to wait more each day."""
    fails: float = 0.015
    misses: float = 0.005
    unreadable: bool = False


def natures(count: int, chance: np.random.Generator) -> list[Nature]:
    """So many sources, of all sizes: from one article a week to a hundred a day."""
    return [_nature(chance) for _ in range(count)]


def _nature(chance: np.random.Generator) -> Nature:
    every_h = int(chance.choice([6, 12, 24, 24, 24, 24, 48, 168], p=[0.1, 0.1, 0.2, 0.2, 0.15, 0.15, 0.05, 0.05]))
    hour = int(chance.integers(0, 6))
    by_hours = {6: f"{hour % 6}/6", 12: f"{hour}/12"}.get(every_h, str(hour))
    days = {48: "1-31/2", 168: "*"}.get(every_h, "*")
    rate = float(np.clip(np.exp(chance.normal(1.5, 1.3)), 0.15, 100))
    kept = chance.choice(RULES, size=5, replace=False)
    return Nature(
        rate=rate,
        bouts=float(chance.choice([1, 1.5, 2, 3, 5], p=[0.2, 0.3, 0.2, 0.2, 0.1])),
        weekend=float(chance.choice([0.1, 0.4, 1.0])),
        revisits=float(chance.uniform(15, 80)),
        schedule=f"{int(chance.integers(0, 60))} {by_hours} {days} * {'1' if every_h == 168 else '*'}",
        every_h=every_h,
        failing=float(chance.beta(1, 60)),
        gone=float(chance.beta(1, 80)),
        rejected=float(chance.beta(1, 30)),
        coverage={name: float(chance.choice([0.0, 0.3, 0.8, 0.97, 1.0])) for name in COVERED},
        rules={str(name): float(chance.uniform(0.05, 3)) for name in kept},
        links=float(chance.choice([0, 0, 0, 0.05, 0.5])),
    )


@dataclass(slots=True)
class Site:
    """A source through time: its nature, what has gathered since its last run, and how its level drifts."""

    id: str
    nature: Nature
    born: date
    gathered: float = 0.0
    level: float = 1.0
    waiting: int = 0
    runs: list[RunEntry] = field(default_factory=list)

    def live(self, day: date, now: Nature, chance: np.random.Generator, quiet: float = 1.0) -> None:
        """A day: news gathers, by the source's nature of `now`, and what is due of runs is run. `quiet` is the share of
        news on a holiday."""
        if day < self.born:
            return
        self.level = float(np.clip(self.level * np.exp(chance.normal(0, 0.01)), 0.6, 1.6))
        expected = now.rate * self.level * quiet * (now.weekend if day.weekday() >= 5 else 1.0)
        self.waiting = max(0, self.waiting + now.backlog - (0 if now.backlog else 50))
        for at in self._due(day, now):
            share = expected * max(1, 24 // now.every_h) ** -1
            self.gathered += _counted(share, now.bouts, chance) if share else 0
            luck = chance.random()
            if luck < now.misses:
                continue
            self.runs.append(self._failed(at) if luck < now.misses + now.fails else self._run(at, now, chance))
        if now.every_h > 24 and not self._due(day, now):
            self.gathered += _counted(expected, now.bouts, chance) if expected else 0

    def _due(self, day: date, now: Nature) -> list[datetime]:
        if (now.every_h == 48 and day.day % 2 == 0) or (now.every_h == 168 and day.weekday() != 0):
            return []
        minute, hours, *_ = now.schedule.split()
        first = int(hours.partition("/")[0])
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return [
            midnight + timedelta(hours=hour, minutes=int(minute)) for hour in range(first, 24, min(now.every_h, 24))
        ]

    def _failed(self, at: datetime) -> RunEntry:
        """A run that failed. Its news waits for the next."""
        reason = "nothing could be fetched: http://site.example/: TimeoutError"
        return RunEntry(
            source=self.id, run=run_id(at), state="failed", reason=reason, captures=3, errors=3, finished_at=at
        )

    def _run(self, at: datetime, now: Nature, chance: np.random.Generator) -> RunEntry:
        first = not self.runs
        new = 300 if first else int(self.gathered)
        self.gathered = 0
        pages = new + int(chance.poisson(now.revisits * min(now.every_h, 24) / 24)) + 1
        captures = pages + 2 * new + int(chance.integers(3, 15))
        absent, rejected = (_of(pages, share, chance) for share in (now.gone, now.rejected))
        rows = max(0, pages - absent - rejected)
        removed = {
            name: int(chance.poisson(rows * rate * chance.gamma(20, 1 / 20))) for name, rate in now.rules.items()
        }
        blocked = _of(captures, now.blocked, chance)
        entry = RunEntry(
            source=self.id,
            run=run_id(at),
            state="published",
            started_at=at,
            finished_at=at + timedelta(minutes=10),
            captures=captures,
            errors=blocked + _of(captures, now.failing, chance),
            new=min(new, rows),
            unchanged=max(0, rows - new),
            quarantined=_of(rows, now.quarantined, chance),
            rejected=rejected,
            removed=sum(removed.values()),
            waiting=self.waiting,
            vanished=min(absent, 100),
            cloaked=_of(min(pages, 5), now.cloaked, chance),
            spam=int(chance.poisson(rows * now.links)),
            rows=rows,
            covered={name: _of(rows, share, chance) for name, share in now.coverage.items()},
            pages=pages,
            absent=absent,
            blocked=blocked,
            future=_of(rows, now.future, chance),
            removed_by={name: count for name, count in removed.items() if count},
            cleaner="0.1",
        )
        return (
            replace(entry, state="unreadable", reason="report.json: expected a run report") if now.unreadable else entry
        )


def _counted(mean: float, bouts: float, chance: np.random.Generator) -> int:
    """A count whose variance is `bouts` times its mean."""
    return int(chance.poisson(mean) if bouts <= 1 else chance.negative_binomial(mean / (bouts - 1), 1 / bouts))


def _of(whole: int, share: float, chance: np.random.Generator) -> int:
    """A part of `whole`, of a share that itself varies from run to run."""
    if not 0 < share < 1:
        return int(whole * share)
    return int(chance.binomial(whole, chance.beta(60 * share, 60 * (1 - share))))
