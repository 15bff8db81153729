"""Shares of pages, articles or requests against the source's own past: what fails, is blocked, rejected, removed, spam.

Of each day there is a part (requests that failed) and a whole (requests). What the days of a window have of it is
compared with what the eight weeks before would lead to expect; a part is counted like articles are (browse/usual.py),
its dispersion taken from those days. A share must also have risen by much: what matters to nobody is no problem.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import NamedTuple

from bantin.watching.watched import CHANCE, RECENT, Story, Undecided
from browse.catalog import RunEntry
from browse.usual import DAYS, LEAST_DAYS, LEAST_OBSERVED, at_least
from model.alarm import Kind

WINDOWS = (1, 3, 7)
"""Days that had a run."""

RECENTLY = 3
"""Such days: what an alarm that stands is judged by."""

LESS = 0.5
"""A share that has fallen to less than half of its rise is over."""

_UNHEEDED = 0.05  # the share of days, those with the highest shares, that do not count as past


class Day(NamedTuple):
    """What a day's runs had: a part of a whole."""

    day: date
    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Rule:
    """When a share is a problem: with at least `least` of the part, when it has risen by `rise`, and to so many `times`
    what it was."""

    least: int
    rise: float
    times: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share that has risen: what it was before, what it is in a window, and since when."""

    before: float
    part: int
    whole: int
    since: date

    @property
    def now(self) -> float:
        """The share in the window."""
        return self.part / self.whole


def by_day(runs: Iterable[RunEntry], of: Callable[[RunEntry], tuple[int, int]]) -> list[Day]:
    """The parts and wholes of runs, which come in order, by their days; days without anything apart."""
    days: dict[date, list[int]] = {}
    for run in runs:
        part, whole = of(run)
        if whole:
            day = days.setdefault(run.day, [0, 0])
            day[0] += part
            day[1] += whole
    return [Day(day, part, whole) for day, (part, whole) in days.items()]


def judged(story: Story, kind: Kind, days: Sequence[Day], rule: Rule, subject: str = "") -> Share | Undecided | None:
    """Whether the share has risen; None where all is well. Where an alarm stands, by the days before it began."""
    held = story.since(kind, subject)
    if not held and sum(day.part for day in days[-WINDOWS[-1] :]) < rule.least:
        return None
    recent = [day for day in days if (story.at.date() - day.day).days <= RECENT]
    if not recent:
        return Undecided(kind, subject)
    if held:
        window = [day for day in days if day.day >= held][-RECENTLY:]
        before = _Past.of([day for day in days if day.day < held], held)
        if before is None or not window:
            return Undecided(kind, subject)
        share = _share(before, window, held)
        stays = share.now >= before.share + max(LESS * rule.rise, before.share * (rule.times - 1) * LESS)
        return share if stays else None
    decided = False
    for length in WINDOWS:
        window = list(days[-length:])
        before = _Past.of(days[:-length], window[0].day)
        if before is None:
            continue
        decided = True
        share = _share(before, window, window[0].day)
        if share.part >= rule.least and _is_risen(before, share, rule):
            return share
    return None if decided else Undecided(kind, subject)


@dataclass(frozen=True, slots=True)
class _Past:
    share: float
    dispersion: float
    whole: int

    @classmethod
    def of(cls, days: Sequence[Day], until: date) -> "_Past | None":
        """The past of the eight weeks before `until`; None where it is too short."""
        past = [day for day in days if (until - day.day).days <= DAYS]
        if len(past) < LEAST_OBSERVED or (until - past[0].day).days < LEAST_DAYS:
            return None
        by_share = sorted(past, key=lambda day: day.part / day.whole)
        kept = by_share[: len(past) - ceil(_UNHEEDED * len(past))]
        whole = sum(day.whole for day in kept)
        share = (sum(day.part for day in kept) + 0.5) / (whole + 1)
        strays = [(day.part - share * day.whole) ** 2 / (share * day.whole) for day in kept]
        return cls(share, max(1.0, sum(strays) / len(strays) / 0.76), whole)


def _share(before: _Past, window: Sequence[Day], since: date) -> Share:
    return Share(before.share, sum(day.part for day in window), sum(day.whole for day in window), since)


def _is_risen(before: _Past, share: Share, rule: Rule) -> bool:
    expected = before.share * share.whole
    by_much = share.now >= before.share + rule.rise and share.now >= rule.times * before.share
    return by_much and at_least(share.part, expected, before.dispersion * (1 + share.whole / before.whole)) < CHANCE
