"""What is usual for a source: how many new articles a day it has had, and how far a day may stray from that by chance.

Days without a run that could tell are None. The level is a mean of the last eight weeks whose extremes are drawn in, so
that a flood, or a few days' silence, does not change what is usual; where four weeks are there each weekday has one.
Counts are taken for negative binomial with a variance of `dispersion` times the mean (1: Poisson), which holds for sums
of days as well: https://en.wikipedia.org/wiki/Negative_binomial_distribution. The dispersion is that of the days, or of
the weeks where that is greater: news comes in bouts.

Holidays are not known: around Tết a source is quieter than usual, and this says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log1p, sqrt
from typing import Any, Protocol

import numpy as np

DAYS = 56
"""So many days, the last ones, are what is usual made of."""

LEAST_DAYS = 14
"""A source that is younger has no usual yet."""

LEAST_OBSERVED = 7
"""So many of its days must have had a run."""

WEEKS = 4
"""Where so many are there, each weekday has a level of its own."""

EDGE = 0.01
"""So rarely is a day below `low`, and so rarely above `high`, by chance."""

_DRAWN_IN = 0.05  # the share of days, at either end, that count as the next less extreme one
_DAYS_KEPT = (0.95, 0.76)  # of squared strays, and the mean of that share of χ² with one degree of freedom
_WEEKS_KEPT = (0.875, 0.57)
_PRIOR = 4  # articles: of a weekday with fewer, the level is mostly that of all days

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Usual:
    """How many articles are usual on a day, or on some days together: the `median` of such days, the `mean` that is
    expected, `low` and `high` (a day outside is one in a hundred on either side), of how many observed `days`."""

    median: float
    mean: float
    low: int
    high: int
    dispersion: float
    days: int

    def chance_of_at_most(self, count: int) -> float:
        """How probable so few are, or fewer."""
        return at_most(count, self.mean, self.dispersion)

    def chance_of_at_least(self, count: int) -> float:
        """How probable so many are, or more."""
        return at_least(count, self.mean, self.dispersion)


class Run(Protocol):
    """What has to be known of a run, as `browse.catalog.RunEntry` knows it."""

    @property
    def day(self) -> date:
        """Its day, in UTC."""

    @property
    def state(self) -> str:
        """That of its report."""

    @property
    def new(self) -> int:
        """How many new articles it had."""


def daily(runs: Sequence[Run], last: date, days: int = DAYS) -> list[int | None]:
    """The new articles of a source's runs on each of the `days` days up to `last`, by the runs' own days (UTC); None
    where no run was published. The first day of one that was is None, too: then it found all that was there already."""
    published = [run for run in runs if run.state == "published"]
    first = min((run.day for run in published), default=None)
    counts: list[int | None] = [None] * days
    for run in published:
        place = days - 1 - (last - run.day).days
        if 0 <= place < days and run.day != first:
            counts[place] = (counts[place] or 0) + run.new
    return counts


def usual(past: Sequence[int | None], ahead: Sequence[int] = (1,)) -> Usual | None:
    """What is usual on the day after `past`, which has a count of new articles a day; or on the days `ahead` taken
    together, 1 being the day after. None where the past is too short to tell."""
    recent = list(past[-DAYS:])
    observed = [place for place, count in enumerate(recent) if count is not None]
    if len(observed) < LEAST_OBSERVED or len(recent) - observed[0] < LEAST_DAYS:
        return None
    places = np.array(observed)
    weekdays = (len(recent) - places) % 7  # 0 for the weekday of the day after
    counts = np.array([recent[place] for place in observed], float)
    least, most = np.quantile(counts, [_DRAWN_IN, 1 - _DRAWN_IN], method="nearest")
    levels = _levels(np.clip(counts, least, most), weekdays, len(recent) - observed[0])
    dispersion = _dispersion(counts, levels[weekdays], places)
    wanted = [(1 - day) % 7 for day in ahead]
    mean = float(levels[wanted].sum())
    dispersion *= 1 + len(wanted) / len(observed)  # the mean itself is an estimate
    like_it = {day: counts[weekdays == day] for day in wanted}
    enough = all(len(one) >= WEEKS for one in like_it.values())
    medians = {day: float(np.median(one if enough else counts)) for day, one in like_it.items()}
    low, high = (quantile(share, mean, dispersion) for share in (EDGE, 1 - EDGE))
    return Usual(sum(medians[day] for day in wanted), mean, low, high, dispersion, len(observed))


def at_most(count: int, mean: float, dispersion: float = 1) -> float:
    """The probability of `count` or fewer where `mean` are expected, and the variance is `dispersion` times that."""
    if count < 0:
        return 0.0
    return min(1.0, float(_chances(count, mean, dispersion).sum()))


def at_least(count: int, mean: float, dispersion: float = 1) -> float:
    """The probability of `count` or more."""
    return max(0.0, 1 - at_most(count - 1, mean, dispersion))


def quantile(share: float, mean: float, dispersion: float = 1) -> int:
    """The least count that, with all smaller ones, has at least this share of the probability."""
    most = ceil(mean + 20 * sqrt(mean * dispersion) + 20 * dispersion)
    return int(np.searchsorted(np.cumsum(_chances(most, mean, dispersion)), share))


def _chances(most: int, mean: float, dispersion: float) -> Numbers:
    """The probabilities of 0 … `most`."""
    over = max(dispersion - 1, 0.0)
    none = -mean * (log1p(over) / over if over > 1e-9 else 1.0)  # its logarithm
    k = np.arange(1, most + 1)
    with np.errstate(divide="ignore"):
        steps = np.log(mean + (k - 1) * over) - np.log((1 + over) * k)
    chances: Numbers = np.exp(np.concatenate([[none], none + np.cumsum(steps)]))
    return chances


def _levels(counts: Numbers, weekdays: Numbers, span: int) -> Numbers:
    """The mean of each weekday, drawn towards that of all days where it has few articles."""
    level = (counts.sum() + 0.5) / len(counts)
    if span < 7 * WEEKS:
        return np.full(7, level)
    weight = max(1.0, _PRIOR / level)
    sums, days = np.bincount(weekdays, counts, 7), np.bincount(weekdays, minlength=7)
    levels: Numbers = (sums + weight * level) / (days + weight)
    return levels


def _dispersion(counts: Numbers, means: Numbers, places: Numbers) -> float:
    """The variance over the mean, of days or of weeks, whichever is greater, and at least 1; the extreme ones apart."""
    weeks = (places[-1] - places) // 7
    weekly = _spread(np.bincount(weeks, counts), np.bincount(weeks, means), *_WEEKS_KEPT)
    return max(1.0, _spread(counts, means, *_DAYS_KEPT), weekly)


def _spread(seen: Any, expected: Any, kept: float, mean: float) -> float:
    """The mean of squared strays from what is expected, but for the most extreme ones. `mean` is what the share `kept`
    would have by chance."""
    some = expected > 0
    strays = np.sort((seen[some] - expected[some]) ** 2 / expected[some])
    return float(strays[: ceil(kept * len(strays))].mean()) / mean
