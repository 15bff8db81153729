"""How many articles were published a day, or a month."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

MOST_DAYS = 366
"""Days further apart are counted by month."""


def timeline_of(days: Mapping[date, int]) -> tuple[list[tuple[date, int]], str]:
    """The counts in order, and their unit: `day`, or `month`, which stands at its first day."""
    if not days or (max(days) - min(days)).days < MOST_DAYS:
        return sorted(days.items()), "day"
    months: Counter[date] = Counter()
    for day, count in days.items():
        months[day.replace(day=1)] += count
    return sorted(months.items()), "month"
