"""Who is told when, and what messages say: text from pages stays text."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bantin.notifying.messages import MOST_ALARMS, as_html, as_slack, as_text, message_of
from bantin.notifying.targets import Target, parse_targets
from bantin.settings import SettingsError
from model.alarm import Alarm, Kind, Severity

AT = datetime(2026, 11, 22, 7, tzinfo=UTC)
ME = "slack:bantin"
ALARM = Alarm(
    source="kimson",
    kind=Kind.NONE,
    severity=Severity.SERIOUS,
    since=date(2026, 11, 20),
    usual="10 new articles a day (4 to 17)",
    seen="0 in the last 2 days",
    cause="a list has moved",
    raised_at=AT,
    last_seen=AT,
)
HOSTILE = replace(
    ALARM, cause="<b onload=x>\x1b[2J @channel <!here> *bold* [click](http://evil.example) {{ 7*7 }}\nSubject: x"
)


def hours(count: float) -> datetime:
    return AT + timedelta(hours=count)


def test_a_problem_is_told_at_once_and_then_once_a_week() -> None:
    assert ALARM.is_due(ME, AT)
    told = ALARM.after_telling(ME, AT)
    assert [told.is_due(ME, hours(24 * days)) for days in (1, 3, 6, 7, 8)] == [False, False, False, True, True]
    assert told.is_due("email:x:a@b.example", AT)


def test_what_gets_worse_is_told_again_but_not_twice_a_day() -> None:
    told = replace(ALARM, severity=Severity.WARNING).after_telling(ME, AT)
    worse = replace(told, severity=Severity.SERIOUS)
    assert [worse.is_due(ME, hours(count)) for count in (1, 19, 24)] == [False, False, True]
    better = replace(ALARM.after_telling(ME, AT), severity=Severity.WARNING)
    assert not better.is_due(ME, hours(24))


def test_that_it_is_over_is_told_once_and_its_return_at_most_once_a_day() -> None:
    over = replace(ALARM.after_telling(ME, AT), over_at=hours(1))
    assert over.is_due(ME, hours(1))
    known = over.after_telling(ME, hours(1))
    assert not known.is_due(ME, hours(500))
    back = replace(known, over_at=None)
    assert [back.is_due(ME, hours(count)) for count in (2, 20, 25)] == [False, False, True]


def test_what_was_over_before_anybody_was_told_is_told_for_three_days() -> None:
    over = replace(ALARM, over_at=AT)
    assert [over.is_due(ME, hours(count)) for count in (1, 71, 73)] == [True, True, False]


def test_targets_are_named_without_secrets() -> None:
    named = parse_targets("slack:bantin, email:mail:ops@news.example ,file:/tmp/alarms.jsonl,slack:bantin")
    assert named == [
        Target("slack", "bantin"),
        Target("email", "mail", "ops@news.example"),
        Target("file", "", "/tmp/alarms.jsonl"),
    ]
    assert [target.name for target in named] == [
        "slack:bantin",
        "email:mail:ops@news.example",
        "file:/tmp/alarms.jsonl",
    ]
    assert parse_targets("") == parse_targets(" , ") == []


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.slack.example/T/B/secret",
        "slack:https://hooks.slack.example/T/B/secret",
        "file:x",
        "email:mail",
        "email:mail:a@b,c",
        "email:mail:a@b\r\nBcc:secret@x",
        "slack:",
        "sms:1",
    ],
)
def test_others_are_refused_and_no_address_of_a_webhook_is_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match="expected email:CONNECTION:ADDRESS") as refused:
        parse_targets(text)
    assert "secret" not in str(refused.value)


def test_a_message_says_what_is_usual_what_was_seen_since_when_and_why() -> None:
    assert as_text(message_of([ALARM], ME, "./archive", 3)).splitlines() == [
        "bantin: kimson: no new articles",
        "",
        "[serious] kimson: no new articles, since 2026-11-20",
        "  usual: 10 new articles a day (4 to 17)",
        "  seen: 0 in the last 2 days",
        "  likely: a list has moved",
        "",
        "3 stand in all in ./archive: `bantin alarms`.",
    ]


def test_what_is_over_comes_last_and_what_is_known_is_called_so() -> None:
    over = replace(ALARM, source="hoa-lu", over_at=hours(24))
    known = replace(ALARM, kind=Kind.FIELD, subject="author").after_telling(ME, AT)
    message = message_of([over, known, ALARM], ME, "a", 2)
    assert message.subject == "bantin: 2 problems, 1 over"
    assert [line.headline for line in message.lines] == [
        "[still serious] kimson: a field is missing (author), since 2026-11-20",
        "[serious] kimson: no new articles, since 2026-11-20",
        "[over] hoa-lu: no new articles, from 2026-11-20 to 2026-11-23",
    ]


def test_text_from_pages_is_shown_as_it_stands() -> None:
    message = message_of([HOSTILE], ME, "a", 1)
    text, slack, html = as_text(message), as_slack(message), as_html(message)
    assert "\x1b" not in text + slack + html
    assert "\nSubject" not in text
    assert "&lt;b onload=x&gt;" in html and "<b onload" not in html  # noqa: PT018
    for mark in ("<!here>", "@channel", "](http"):
        assert mark not in slack
    assert "&lt;!here&gt;" in slack


def test_a_message_has_an_end() -> None:
    message = message_of([replace(ALARM, cause="x" * 9000)] * 500, ME, "a", 500)
    assert len(message.lines) == MOST_ALARMS
    assert message.more.startswith(f"{500 - MOST_ALARMS} more are not shown.")
    assert len(as_slack(message)) < 40_000
    hostile = message_of([replace(ALARM, usual="&" * 900, seen="@" * 900, cause="<" * 900)] * 500, ME, "a", 500)
    assert len(as_slack(hostile)) < 40_000
    assert as_slack(hostile).endswith("500 stand in all in a: `bantin alarms`.")
