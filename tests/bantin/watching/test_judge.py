"""All sources together: what many have at once is one problem, and alarms stand until they are seen to be over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bantin.watching.judge import Judgement, judge
from bantin.watching.standing import KEPT, merged
from bantin.watching.watched import Finding, Watched
from bench.quarter import quarter
from browse.catalog import Catalog, RunEntry
from model.alarm import Alarm, Kind, Problem, Severity
from tests.bantin.watching.stories import AT, TODAY, alarm_of, days

NAMES = [f"s{number}" for number in range(20)]
FINDING = Finding(Kind.FEW, Severity.WARNING, TODAY, "ten", "one", "who knows", source="kimson")


def catalog_of(runs: dict[str, Sequence[RunEntry]]) -> Catalog:
    return Catalog.of([replace(run, source=name) for name in sorted(runs) for run in runs[name]], [])


def watched(names: Sequence[str] = NAMES) -> list[Watched]:
    return [Watched(id=name, schedule="0 2 * * *", timezone="UTC") for name in names]


def silent(*names: str) -> Catalog:
    """All sources have ten articles a day, but these, which have had none for three days."""
    return catalog_of(
        {name: days(80, lambda ago, name=name: {"new": 0 if ago <= 3 and name in names else 10}) for name in NAMES}  # type: ignore[misc]
    )


def test_what_two_sources_have_are_two_problems() -> None:
    judgement = judge(silent("s1", "s2"), watched(), [], AT)
    assert [finding.problem for finding in judgement.findings] == [Problem(name, Kind.NONE) for name in ("s1", "s2")]


def test_what_many_sources_have_is_one_problem_of_the_archive() -> None:
    (finding,) = judge(silent(*NAMES[:7]), watched(), [], AT).findings
    assert finding.problem == Problem(None, Kind.FEW)
    assert finding.seen.startswith("7 of 20 sources: s0, s1, s2, s3, s4, s5, s6. Of s0: 0 in the last 2 days")
    assert "Tết" in finding.cause


def test_it_quotes_the_source_that_it_names() -> None:
    """Files are in another order than ids: `a-b.yaml` comes before `a.yaml`."""
    ten, three = (days(80, lambda ago, new=new: {"new": 0 if ago <= 3 else new}) for new in (10, 30))  # type: ignore[misc]
    catalog = catalog_of({"a": three, **{f"a-{name}": ten for name in NAMES[:5]}})
    names = [*(f"a-{name}" for name in NAMES[:5]), "a"]
    (finding,) = judge(catalog, watched(names), [], AT).findings
    assert finding.seen.startswith("6 of 6 sources: a, a-s0, ")
    assert finding.usual.startswith("one source or another; of a: 30 new articles a day (")


def test_who_had_an_alarm_before_keeps_it_and_the_wide_one_stays_while_half_are_left() -> None:
    own = alarm_of(judge(silent("s1"), watched(), [], AT).findings[0], source="s1")
    wide = alarm_of(judge(silent(*NAMES[:7]), watched(), [], AT).findings[0])
    wide = replace(wide, source=None)
    left = judge(silent("s1", "s2", "s3", "s4"), watched(), [own, wide], AT).findings
    assert {finding.problem for finding in left} == {Problem("s1", Kind.NONE), Problem(None, Kind.FEW)}
    own, wide = (replace(alarm, raised_at=AT - timedelta(days=9)) for alarm in (own, wide))
    few = judge(silent("s1", "s2"), watched(), [own, wide], AT).findings
    assert {finding.source for finding in few} == {"s1", "s2"}


def test_what_sources_came_to_have_within_some_days_is_one_problem_too() -> None:
    """Small sources show later what happened to all."""
    own = [alarm_of(judge(silent(name), watched(), [], AT).findings[0], source=name) for name in NAMES[:4]]
    own = [replace(alarm, raised_at=AT - timedelta(days=3)) for alarm in own]
    found = judge(silent(*NAMES[:5]), watched(), own, AT).findings
    assert {finding.source for finding in found} == {*NAMES[:4], None}
    assert "and 4 that were told lately" in next(finding.seen for finding in found if finding.source is None)


def test_runs_after_the_watch_are_not_looked_at() -> None:
    runs = {"kimson": [*days(80), *days(1, last=-1)]}
    catalog = catalog_of(runs)
    assert judge(catalog, watched(["kimson"]), [], AT).findings == []


def after(there: list[Alarm], *findings: Finding, hours: float = 24, **judgement: object) -> list[Alarm]:
    return merged(there, Judgement(findings, **judgement), AT + timedelta(hours=hours))  # type: ignore[arg-type]


def test_an_alarm_is_raised_stands_and_is_over() -> None:
    (new,) = after([], FINDING, hours=0)
    assert (new.since, new.raised_at, new.stands) == (TODAY, AT, True)
    (still,) = after([new], FINDING._replace(since=TODAY + timedelta(days=1), seen="two"))
    assert (still.since, still.raised_at, still.seen) == (TODAY, AT, "two")
    (over,) = after([still], hours=48)
    assert over.over_at == AT + timedelta(hours=48)
    assert after([over], hours=72) == [over]
    assert after([over], hours=48 + KEPT / timedelta(hours=1)) == []


def test_what_cannot_be_told_goes_on_standing() -> None:
    (alarm,) = after([], FINDING, hours=0)
    assert after([alarm], undecided=frozenset({FINDING.problem})) == [alarm]
    assert after([alarm], blind=True) == [alarm]


def test_what_comes_back_is_the_same_alarm_and_knows_who_was_told() -> None:
    (alarm,) = after([], FINDING, hours=0)
    (over,) = after([alarm.after_telling("slack:x", AT)], hours=24)
    (again,) = after([over], FINDING, hours=48)
    assert (again.stands, again.told) == (True, over.told)


def test_a_small_quarter() -> None:
    """Twenty-two sources, five weeks, each trouble planted once: bench/quarter.py in small."""
    told = quarter(sources=22, seed=5, days=49, each=1, tet=(0, 0))
    assert [one.trouble.name for one in told.missed] == []
    assert [(alarm.source, alarm.kind, alarm.seen) for alarm in told.false] == []
    assert told.over > len(told.planted) / 2
