"""Charts: bars stand where their days are told, few or many."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from browse.web.charts import WIDTH, timeline

FIRST = date(2026, 11, 20)


@pytest.mark.parametrize("days", [2, 3, 29, 30, 31, 200])
def test_the_first_bar_begins_and_the_last_one_ends_the_chart(days: int) -> None:
    bars = timeline([(FIRST, 3), (FIRST + timedelta(days=days - 1), 1)]).bars
    assert len(bars) == days
    assert (bars[0].x, bars[-1].x + bars[-1].width) == (0, pytest.approx(WIDTH, abs=0.1))
    assert all(one.x + one.width < other.x for one, other in pairwise(bars))


def test_one_day_is_a_bar_like_others() -> None:
    (bar,) = timeline([(FIRST, 3)]).bars
    assert (bar.x, bar.width < WIDTH / 30) == (0, True)
