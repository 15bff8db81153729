"""A quarter of a hundred made-up sources with planted troubles: which does `bantin watch` find, when, and how often
does it raise an alarm where nothing was planted?

    uv run python -m bench.quarter --sources 100 --seed 1

Eight weeks of peace come before, for a past; then 91 days are watched, one watch a day at 07:00 UTC, with the checks
and the bookkeeping of the real one. Some sources begin within the quarter. For a week all are as quiet as around Tết.
An alarm of a source that a trouble was planted at, while it lasts or a week after, is no false one: a blocked crawl has
few articles, too.
"""

import argparse
import logging
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

import numpy as np

from bantin.progress import tenths
from bantin.watching.judge import judge
from bantin.watching.standing import merged
from bantin.watching.watched import Watched
from bench.made_runs import Nature, Site, natures
from browse.catalog import RunEntry
from model.alarm import Alarm, Kind

BEGIN = date(2026, 9, 7)
PEACE = 56
QUARTER = 91
AFTER = timedelta(days=8)
"""So long after a trouble its source may still be unusual."""

TET = (40, 47)
"""The days of the quarter on which nobody writes much."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something to plant: what becomes of a source's nature, for how many days, at sources of which rates, and the
    alarms that tell it."""

    name: str
    tells: frozenset[Kind]
    change: Callable[[Nature], Nature]
    days: int = 21
    least_rate: float = 0.0
    daily: bool = False
    most_rate: float = 1000.0


def _without(name: str, share: float) -> Callable[[Nature], Nature]:
    return lambda now: replace(now, coverage={**now.coverage, name: now.coverage[name] * share})


def _trouble(
    name: str, *tells: Kind, days: int = 21, least_rate: float = 0.0, most_rate: float = 1000.0, **changes: float
) -> Trouble:
    return Trouble(name, frozenset(tells), lambda now: replace(now, **changes), days, least_rate, most_rate=most_rate)


TROUBLES = (
    _trouble("lists name nothing new (3 a day and more)", Kind.NONE, Kind.FEW, least_rate=3, rate=0.0),
    _trouble(
        "lists name nothing new (0.5 to 3 a day)", Kind.NONE, Kind.FEW, days=40, least_rate=0.5, most_rate=3, rate=0.0
    ),
    Trouble(
        "one list of several moved: a quarter is left",
        frozenset({Kind.FEW}),
        lambda n: replace(n, rate=n.rate / 4),
        35,
        3,
    ),
    Trouble(
        "ten times as many articles",
        frozenset({Kind.MANY}),
        lambda n: replace(n, rate=max(n.rate * 10, 20)),
        4,
        1,
        True,
    ),
    _trouble("runs no longer start", Kind.OVERDUE, misses=1.0),
    _trouble("every run fails", Kind.OVERDUE, fails=1.0, misses=0.0),
    Trouble("the author is gone", frozenset({Kind.FIELD}), _without("author", 0.0)),
    Trouble("half of the dates are gone", frozenset({Kind.FIELD}), _without("published_on", 0.5)),
    _trouble("two of five requests fail", Kind.ERRORS, failing=0.4),
    _trouble("a firewall blocks a third", Kind.BLOCKED, blocked=0.33),
    _trouble("a new template: most pages are rejected", Kind.REJECTED, rejected=0.8),
    Trouble("a new kind of removal", frozenset({Kind.REMOVAL}), lambda n: replace(n, rules={**n.rules, "poll": 1.5})),
    _trouble("a tenth of its pages is spam", Kind.SPAM, quarantined=0.1),
    Trouble("links are injected", frozenset({Kind.SPAM}), lambda n: replace(n, links=n.links * 3 + 1.5)),
    _trouble("search engines are led elsewhere", Kind.CLOAKED, cloaked=0.4),
    _trouble("a fifth of the dates is of tomorrow", Kind.FUTURE, future=0.2),
    _trouble("pages go in mass", Kind.GONE, gone=0.6),
    _trouble("a calendar without end", Kind.FRONTIER, backlog=150),
    _trouble("reports rot", Kind.UNREADABLE, days=2, unreadable=True),
)


@dataclass(slots=True)
class Planted:
    """A trouble at a source, from when to when, and what was raised."""

    trouble: Trouble
    source: str
    first: date
    found: date | None = None
    also: Counter[Kind] = field(default_factory=Counter)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first + timedelta(days=self.trouble.days - 1)

    def has(self, alarm: Alarm) -> bool:
        """Whether the alarm, just raised, is of its source and time."""
        return alarm.source == self.source and self.first <= alarm.raised_at.date() <= self.last + AFTER

    def note(self, alarm: Alarm) -> None:
        """Takes the alarm: as what tells it, while it lasts, or as what came of it."""
        if alarm.kind not in self.trouble.tells:
            self.also[alarm.kind] += 1
        elif self.found is None:
            self.found = alarm.raised_at.date()


@dataclass(frozen=True, slots=True)
class MadeRuns:
    """The runs of sites, as a catalog has them."""

    runs: dict[str, list[RunEntry]]

    def since(self, source: str, day: date) -> Sequence[RunEntry]:
        """Those of a source of this day and later."""
        runs = self.runs[source]
        return runs[bisect_left(runs, f"{day:%Y%m%d}", key=lambda run: run.run) :]

    def first_day(self, source: str) -> date | None:
        """The day of a source's first run."""
        return self.runs[source][0].day if self.runs[source] else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a quarter gave: the troubles, the alarms where nothing was planted, those of the quiet week, how many were
    raised and over in all, and those that were overdue, since runs failed or were missed by chance."""

    planted: list[Planted]
    false: list[Alarm]
    tet: list[Alarm]
    raised: int
    over: int
    overdue: list[Alarm]
    days: int
    seconds_a_watch: float

    @property
    def missed(self) -> list[Planted]:
        """The troubles that no alarm told."""
        return [one for one in self.planted if one.found is None]


def quarter(
    sources: int = 100,
    seed: int = 1,
    days: int = QUARTER,
    each: int = 2,
    tet: tuple[int, int] = TET,
    on_day: Callable[[int, int], None] = lambda day, of: None,
) -> Outcome:
    """Lives and watches a quarter of so many days, with each trouble planted at so many sources."""
    chance = np.random.default_rng(seed)
    start = BEGIN + timedelta(days=PEACE)
    sites = [Site(f"site-{number:03}", nature, BEGIN) for number, nature in enumerate(natures(sources, chance))]
    planted = _plant(sites, start, days, each, chance)
    for site in [site for site in sites if all(site.id != one.source for one in planted)][: sources // 10]:
        site.born = start + timedelta(days=int(chance.integers(1, days // 2)))
    quiet = [start + timedelta(days=day) for day in range(*tet)]
    _live(sites, planted, quiet, PEACE + days, chance)
    runs = MadeRuns({site.id: site.runs for site in sites})
    watched = [
        Watched(
            id=s.id,
            schedule=s.nature.schedule,
            timezone="UTC",
            known_since=datetime(s.born.year, s.born.month, s.born.day, tzinfo=UTC),
        )
        for s in sites
    ]
    alarms: list[Alarm] = []
    raised: list[Alarm] = []
    over, began = 0, time.process_time()
    for day in range(days):
        at = datetime(start.year, start.month, start.day, 7, tzinfo=UTC) + timedelta(days=day)
        born = [one for one in watched if one.known_since and one.known_since <= at]
        judgement = judge(runs, born, [alarm for alarm in alarms if alarm.stands], at)
        alarms = merged(alarms, judgement, at)
        raised += [alarm for alarm in alarms if alarm.raised_at == at]
        over += sum(alarm.over_at == at for alarm in alarms)
        on_day(day + 1, days)
    seconds = (time.process_time() - began) / days
    return _outcome(planted, raised, over, quiet, days, seconds)


def _plant(sites: Sequence[Site], start: date, days: int, each: int, chance: np.random.Generator) -> list[Planted]:
    """Plants each trouble at sources of its own."""
    free = list(chance.permutation(len(sites)))
    planted = []
    for trouble in [trouble for trouble in TROUBLES for _ in range(each)]:
        place = next(place for place in free if _fits(sites[place].nature, trouble))
        free.remove(place)
        nature = sites[place].nature
        sites[place].nature = replace(nature, coverage={**nature.coverage, "author": 0.97, "published_on": 1.0})
        first = start + timedelta(days=int(chance.integers(1, max(2, days - trouble.days))))
        planted.append(Planted(trouble, sites[place].id, first))
    return planted


def _fits(nature: Nature, trouble: Trouble) -> bool:
    longest_h = 24 if trouble.daily or trouble.days < 5 else 48
    return trouble.least_rate <= nature.rate <= trouble.most_rate and nature.every_h <= longest_h


def _live(
    sites: Sequence[Site], planted: Sequence[Planted], quiet: Sequence[date], days: int, chance: np.random.Generator
) -> None:
    of = {one.source: one for one in planted}
    for day in (BEGIN + timedelta(days=number) for number in range(days)):
        for site in sites:
            one = of.get(site.id)
            changed = one is not None and one.first <= day <= one.last
            now = one.trouble.change(site.nature) if one and changed else site.nature
            site.live(day, now, chance, 0.1 if day in quiet else 1.0)


def _outcome(
    planted: list[Planted], raised: Sequence[Alarm], over: int, quiet: Sequence[date], days: int, seconds: float
) -> Outcome:
    false: list[Alarm] = []
    tet: list[Alarm] = []
    overdue: list[Alarm] = []
    for alarm in raised:
        whose = [one for one in planted if one.has(alarm)]
        for one in whose:
            one.note(alarm)
        if not whose and alarm.kind == Kind.OVERDUE:
            overdue.append(alarm)
        elif not whose:
            in_tet = bool(quiet) and quiet[0] <= alarm.raised_at.date() <= quiet[-1] + AFTER
            (tet if in_tet and alarm.kind in (Kind.FEW, Kind.NONE, Kind.MANY) else false).append(alarm)
    return Outcome(planted, false, tet, len(raised), over, overdue, days, seconds)


def main() -> None:
    """Prints what was found, when, and the false alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=2, help="so many sources have each trouble")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    told = quarter(options.sources, options.seed, each=options.each, on_day=tenths("days watched"))
    print(f"{'trouble':48} {'found':>7}  days until then")
    for trouble in TROUBLES:
        ones = [one for one in told.planted if one.trouble is trouble]
        delays = [(one.found - one.first).days for one in ones if one.found]
        print(f"{trouble.name:48} {len(delays):>3}/{len(ones):<3}  {', '.join(map(str, sorted(delays)))}")
    delays = [(one.found - one.first).days for one in told.planted if one.found]
    print(
        f"\n{len(delays)} of {len(told.planted)} found, after {median(delays):.0f} days (median), {max(delays)} at most"
    )
    for one in told.missed:
        print(f"  missed: {one.trouble.name} at {one.source}, from {one.first}; also told: {dict(one.also)}")
    weekly = 7 * len(told.false) / told.days
    print(f"{len(told.false)} false alarms: {weekly:.2f} a week; {len(told.tet)} because of the quiet week")
    print(f"{len(told.overdue)} overdue because runs failed or were missed by chance, one after the other")
    for alarm in (*told.false, *told.tet):
        what = f"{alarm.source}: {alarm.kind} {alarm.subject}"
        print(f"  {alarm.raised_at:%Y-%m-%d} {what}: {alarm.seen}; usual: {alarm.usual}")
    also = Counter[Kind]()
    for one in told.planted:
        also += one.also
    print(
        f"came along with a trouble: {sum(also.values())}: {', '.join(f'{kind} {n}' for kind, n in also.most_common())}"
    )
    print(f"{told.raised} raised, {told.over} over; {told.seconds_a_watch:.2f} s of CPU a watch")


if __name__ == "__main__":
    main()
