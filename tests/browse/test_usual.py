"""What is usual for a source, told from its days before."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from browse.catalog import Catalog, RunEntry
from browse.past import pasts
from browse.usual import Usual, at_least, at_most, daily, quantile, usual

CHANCE = np.random.default_rng(7)


def days(mean: float, count: int = 56, dispersion: float = 1) -> list[int | None]:
    """Days as they come by chance."""
    if dispersion == 1:
        return [int(one) for one in CHANCE.poisson(mean, count)]
    return [int(one) for one in CHANCE.negative_binomial(mean / (dispersion - 1), 1 / dispersion, count)]


def known(past: Sequence[int | None], ahead: Sequence[int] = (1,)) -> Usual:
    told = usual(past, ahead)
    assert told is not None
    return told


def test_a_day_is_within_its_bounds_but_for_one_in_fifty() -> None:
    outside = 0
    for mean, dispersion in [(1, 1), (5, 2), (40, 1), (40, 4)] * 25:
        *past, today = days(mean, 57, dispersion)
        told = known(past)
        outside += not told.low <= (today or 0) <= told.high
    assert outside <= 6


def test_a_flood_does_not_change_what_is_usual() -> None:
    past = days(5)
    told, flooded = known(past), known([*past[:30], 900, *past[31:]])
    assert flooded.mean == pytest.approx(told.mean, rel=0.1)
    assert flooded.high <= told.high + 2


def test_each_weekday_has_its_own_where_four_weeks_are_there() -> None:
    past: list[int | None] = [0 if day % 7 in (5, 6) else 10 for day in range(56)]  # the day after is a Monday
    monday, saturday, week = known(past), known(past, [6]), known(past, range(1, 8))
    assert (monday.median, saturday.median, week.median) == (10, 0, 50)
    assert saturday.chance_of_at_most(0) > 0.3
    assert monday.chance_of_at_most(0) < 1e-3
    assert known(past[-21:], [6]).mean == pytest.approx(7, abs=0.2)


def test_days_without_a_run_are_not_days_without_articles() -> None:
    told = known([4 if day % 2 else None for day in range(56)])
    assert (told.median, told.days) == (4, 28)


@pytest.mark.parametrize("past", [[], [3] * 13, [None] * 56, [None] * 50 + [3] * 6])
def test_a_short_past_tells_nothing(past: list[int | None]) -> None:
    assert usual(past) is None


def test_sums_are_told_with_the_doubt_about_the_mean() -> None:
    few, many = known(days(3, 14), range(1, 8)), known(days(3, 56), range(1, 8))
    assert few.high - few.low > many.high - many.low


def test_the_probabilities_are_those_of_the_distributions() -> None:
    assert at_most(0, 3) == pytest.approx(np.exp(-3))
    assert at_most(0, 4, 2) == pytest.approx(0.5**4)
    assert at_least(1, 3) + at_most(0, 3) == 1
    assert (at_least(0, 3), at_most(-1, 3)) == (1, 0)
    assert quantile(0.5, 1e5, 3) == pytest.approx(1e5, rel=1e-3)


def test_days_are_counted_by_run_and_the_first_that_was_published_is_left_out() -> None:
    def run(id_: str, new: int, state: str = "published") -> RunEntry:
        return RunEntry(source="kimson", run=id_, state=state, new=new)

    runs = [run("20261031T000000Z", 0, "failed"), run("20261101T000000Z", 500)]
    runs += [run("20261103T000000Z", 3), run("20261103T120000Z", 4)]
    runs += [run("20261104T000000Z", 9, "failed"), run("20261105T000000Z", 0)]
    expected = [None, None, 7, None, 0, None]
    assert daily(runs, date(2026, 11, 6), 6) == expected
    assert daily([], date(2026, 11, 6), 2) == [None, None]
    assert pasts(Catalog.of(runs, []), date(2026, 11, 6))["kimson"].days[-6:] == expected
