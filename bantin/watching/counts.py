"""Articles a day against the source's own past: none, too few, too many.

A window that ends with the last whole day is compared with what is usual for just these days. A short one shows at once
that a large source is silent, only a long one that a small one is: with four articles a week a month or two is
needed, and with two no window is long enough.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from bantin.watching.watched import CHANCE, HISTORY, LONGEST, RECENT, Finding, Story, Undecided, Verdicts
from browse.usual import Usual, daily, usual
from model.alarm import Kind, Severity
from model.causes import cause_of

WINDOWS = (1, 2, 3, 5, 7, 14, 28, LONGEST)
"""Days."""

FLOODS = (1, 3)
"""Days: what is too much shows at once."""

FEW = 0.5
"""Too few is at most this share of what is usual, however surely."""

RECOVERED = 0.7
"""Too few is over with this share of what was usual before, in"""

RECENTLY = 7
"""the last so many days."""

MANY = 3
"""Too many is at least so many times what is usual, and"""

MANY_MORE = 20
"""so many articles more."""

SUBSIDED = 2
"""Too many is over when a day has less than so many times what was usual before."""

Days = Sequence[int | None]


def counts(story: Story) -> Verdicts:
    """Whether a source has no articles any more, too few or too many."""
    held = [since for kind in (Kind.NONE, Kind.FEW, Kind.MANY) if (since := story.since(kind))]
    earlier = max((story.yesterday - since).days + 1 for since in held) if held else 0
    days = daily(story.runs, story.yesterday, HISTORY + max(earlier, 0))
    if all(count is None for count in days[-RECENT:]):
        yield from (Undecided(kind) for kind in (Kind.NONE, Kind.FEW, Kind.MANY))
        return
    yield from _shortage(story, days)
    yield from _flood(story, days)


def _shortage(story: Story, days: Days) -> Verdicts:
    held = story.since(Kind.NONE) or story.since(Kind.FEW)
    if held:
        window = min((story.yesterday - held).days + 1, len(days))
        recent = min(window, RECENTLY)
        told = _usual(days, window, recent) if window > 0 else None
        if told is None:  # its past is no longer kept
            yield from (Undecided(kind) for kind in (Kind.NONE, Kind.FEW) if story.since(kind))
        elif _sum(days[-recent:]) < RECOVERED * told.mean:
            yield _scarce(story, days, window, recent, told)._replace(since=held)
        return
    decided = False
    for window in WINDOWS:
        told = _usual(days, window)
        if told is None:
            continue
        decided = True
        seen = _sum(days[-window:])
        if seen <= FEW * told.mean and told.chance_of_at_most(seen) < CHANCE and _is_low_still(days, window):
            yield _scarce(story, days, window, window, told)
            return
    if not decided:
        yield from (Undecided(kind) for kind in (Kind.NONE, Kind.FEW))


def _is_low_still(days: Days, window: int) -> bool:
    """Whether the last week of the window has too little, too: what was over a month ago is no news."""
    recent = min(window, RECENTLY)
    told = _usual(days, window, recent)
    return told is not None and _sum(days[-recent:]) < RECOVERED * told.mean


def _silence(days: Days, window: int) -> tuple[int, Usual] | None:
    """For how many of the window's days, the last ones, there has been nothing, and what is usual for these; None where
    that is not so long that it is no longer a few."""
    silent = min(window, _silent(days))
    told = _usual(days, window, silent) if silent else None
    return (silent, told) if told and (silent == window or told.chance_of_at_most(0) < CHANCE) else None


def _silent(days: Days) -> int:
    """How many days, the last ones, had nothing."""
    return next((ago for ago, count in enumerate(reversed(days)) if count), len(days))


def _flood(story: Story, days: Days) -> Verdicts:
    held = story.since(Kind.MANY)
    if held:
        window = min((story.yesterday - held).days + 1, len(days))
        told = _usual(days, window, 1) if window > 0 else None
        if told is None or days[-1] is None:
            yield Undecided(Kind.MANY)
        elif _sum(days[-1:]) >= SUBSIDED * told.mean + 1:
            yield _plenty(held, 1, _sum(days[-1:]), told)
        return
    for window in FLOODS:
        told = _usual(days, window)
        if told is None or _catches_up(days, window):
            continue
        seen = _sum(days[-window:])
        if seen >= max(MANY * told.mean, told.mean + MANY_MORE) and told.chance_of_at_least(seen) < CHANCE:
            yield _plenty(story.yesterday - timedelta(days=window - 1), window, seen, told)
            return


def _usual(days: Days, window: int, last: int | None = None) -> Usual | None:
    """What is usual, by the days before the last `window` ones, for those of its `last` days that had a run."""
    first = len(days) - window
    ahead = [place - first + 1 for place in range(len(days) - (last or window), len(days)) if days[place] is not None]
    return usual(days[:first], ahead) if ahead and first > 0 else None


def _catches_up(days: Days, window: int) -> bool:
    """Whether a run of the window had more days to tell of than usual, since there was none before."""
    observed = [place for place, count in enumerate(days) if count is not None]
    gaps = [after - before for before, after in pairwise(observed)]
    usually = sorted(gaps)[len(gaps) // 2]
    return any(gap > usually for place, gap in zip(observed[1:], gaps, strict=True) if place >= len(days) - window)


def _scarce(story: Story, days: Days, window: int, last: int, told: Usual) -> Finding:
    """What is too little by the days before the window: in the days of silence, where it is one, or else in the `last`
    ones, for which `told` is usual."""
    silence = _silence(days, window)
    kind, severity = (Kind.NONE, Severity.SERIOUS) if silence else (Kind.FEW, Severity.WARNING)
    since = story.yesterday - timedelta(days=(_silent(days) if silence else window) - 1)
    last, told = silence or (last, told)
    said = (_usually(told, last), _told(_sum(days[-last:]), last), cause_of(kind, story.source.id))
    return Finding(kind, severity, since, *said)


def _plenty(since: date, window: int, seen: int, told: Usual) -> Finding:
    said = (_usually(told, window), _told(seen, window), cause_of(Kind.MANY))
    return Finding(Kind.MANY, Severity.WARNING, since, *said)


def _usually(told: Usual, window: int) -> str:
    days = "a day" if window == 1 else f"in such {window} days"
    return f"{told.mean:.0f} new articles {days} ({told.low} to {told.high})"  # a median of most of them would be 0


def _told(seen: int, window: int) -> str:
    return f"{seen} on the last whole day" if window == 1 else f"{seen} in the last {window} days"


def _sum(days: Days) -> int:
    return sum(count for count in days if count)
