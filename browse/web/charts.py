"""Charts as SVG: what is drawn is reckoned here, templates only write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 1000, 100
"""The units of a chart's view box; a page stretches it."""

MOST_BARS = 400

LEAST_BARS = 30
"""Fewer are no wider than so many would be, and stand farther apart: the first and the last above their days."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, week, month or year of a timeline, `since` and `until` included, and where it is drawn."""

    since: date
    until: date
    count: int
    x: float
    width: float
    height: float

    @property
    def y(self) -> float:
        """Its upper end: bars stand on the ground."""
        return HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many there were when, without holes, in bars of a `unit`: day, week, month or year."""

    bars: list[Bar]
    most: int
    total: int
    unit: str


def timeline(series: Sequence[tuple[date, int]], unit: str = "day") -> Timeline:
    """The chart of a series of days, or of months each told by its first day; in weeks, months or years where the
    bars would be too many. A count that is not 0 can always be seen."""
    if not series:
        return Timeline([], 0, 0, unit)
    units = ["day", "week", "month", "year"]
    for step in units[units.index(unit) :]:
        spans = _spans(series[0][0], series[-1][0], step)
        if len(spans) <= MOST_BARS:
            break
    counts = [0] * len(spans)
    place = 0
    for day, count in series:
        while spans[place][1] < day:
            place += 1
        counts[place] += count
    most, width = max(counts), 0.8 * WIDTH / max(len(spans), LEAST_BARS)
    apart = (WIDTH - width) / max(len(spans) - 1, 1)
    bars = [
        Bar(since, until, count, round(n * apart, 2), round(width, 2), _height(count, most))
        for n, ((since, until), count) in enumerate(zip(spans, counts, strict=True))
    ]
    return Timeline(bars, most, sum(counts), step)


def sparkline(counts: Sequence[int]) -> str:
    """The points of a polyline over `counts`, in the view box of 100 by 20."""
    most = max([*counts, 1])
    step = 100 / max(len(counts) - 1, 1)
    return " ".join(f"{n * step:.1f},{19 - 18 * count / most:.1f}" for n, count in enumerate(counts))


def _height(count: int, most: int) -> float:
    return round(max(count / most * HEIGHT, 2), 2) if count else 0


def _spans(first: date, last: date, step: str) -> list[tuple[date, date]]:
    match step:
        case "day":
            start = first
        case "week":
            start = first - timedelta(days=first.weekday())
        case "month":
            start = first.replace(day=1)
        case _:
            start = first.replace(month=1, day=1)
    spans: list[tuple[date, date]] = []
    while start <= last and len(spans) <= MOST_BARS:
        after = _after(start, step)
        spans.append((start, after - timedelta(days=1)))
        start = after
    return spans


def _after(day: date, step: str) -> date:
    match step:
        case "day":
            return day + timedelta(days=1)
        case "week":
            return day + timedelta(days=7)
        case "month":
            return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        case _:
            return day.replace(year=day.year + 1)
