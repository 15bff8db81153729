"""What a message says: all that a target is to be told at once, what is new first.

The sentences of an alarm quote sites and their pages. So text is escaped for where it goes: HTML in e-mail, Slack's
control characters, and what other services that take Slack's webhooks make of `@all` and of links.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from browse.escaping import safe
from model.alarm import Alarm, in_order

MOST_ALARMS = 40
"""So many alarms stand in one message; of the others there is the number."""

MOST_IN_SLACK = 39_000
"""So many characters of these go into one message to Slack, which takes 40,000. A character of a page may be five,
escaped."""

MOST_CHARACTERS = 600
"""So long may a sentence be: a run's reason may quote a page."""

_CALLS = re.compile(r"@|\](?=\()")
_NOTHING = "\u200b"  # a space of no width: `@all` with it calls nobody, `[…](…)` is no link


class Line(NamedTuple):
    """What a message says of one alarm: a headline, and sentences with what they are."""

    headline: str
    said: Sequence[tuple[str, str]]


class Message(NamedTuple):
    """A message in plain text, of no escaping: its subject, and a line an alarm; `more` is what follows."""

    subject: str
    lines: Sequence[Line]
    more: str


def message_of(due: Sequence[Alarm], target: str, archive: str, standing: int) -> Message:
    """The message that tells `target` of these alarms. `standing` is how many stand in all in the archive at that
    address."""
    ranked = in_order(due)
    lines = [line_of(alarm, target) for alarm in ranked[:MOST_ALARMS]]
    left = len(ranked) - len(lines)
    stand = "1 stands" if standing == 1 else f"{standing} stand"
    more = f"{left} more are not shown. " * bool(left) + f"{stand} in all in {archive}: `bantin alarms`."
    return Message(_subject(ranked), lines, _short(more))


def as_text(message: Message) -> str:
    """For a log or a file."""
    return "\n\n".join([message.subject, *map(text_of, message.lines), message.more])


def text_of(line: Line) -> str:
    """A line in plain text."""
    return f"{line.headline}\n" + "\n".join(f"  {what}: {text}" for what, text in line.said)


def as_slack(message: Message) -> str:
    """In Slack's mrkdwn: headlines are bold."""
    lines = [
        f"*{_plain(line.headline)}*\n" + "\n".join(f"{what}: {_plain(text)}" for what, text in line.said)
        for line in message.lines
    ]
    text = "\n\n".join(lines)
    shown = text if len(text) <= MOST_IN_SLACK else f"{text[:MOST_IN_SLACK]}…"
    return f"{shown}\n\n{_plain(message.more)}"


def as_html(message: Message) -> str:
    """The body of an e-mail."""
    lines = [
        f"<h3>{escape(line.headline)}</h3>\n<p>"
        + "<br>\n".join(f"<b>{escape(what)}</b>: {escape(text)}" for what, text in line.said)
        + "</p>"
        for line in message.lines
    ]
    return "\n".join([*lines, f"<p>{escape(message.more)}</p>"])


def headline(alarm: Alarm) -> str:
    """What is wrong with whom, in a few words."""
    about = f" ({_short(alarm.subject)})" if alarm.subject else ""
    return f"{alarm.source or 'the archive'}: {alarm.kind}{about}"


def line_of(alarm: Alarm, target: str = "") -> Line:
    """What is said of an alarm, to a target that may know it already."""
    told = alarm.told.get(target)
    if not alarm.stands:
        since = f"from {alarm.since} to {alarm.over_at:%Y-%m-%d}"
        return Line(f"[over] {headline(alarm)}, {since}", [("was", _short(alarm.seen)), ("usual", _short(alarm.usual))])
    news = "still " if told and not told.over and told.severity == alarm.severity else ""
    said = [("usual", alarm.usual), ("seen", alarm.seen), ("likely", alarm.cause)]
    return Line(
        f"[{news}{alarm.severity}] {headline(alarm)}, since {alarm.since}",
        [(what, _short(text)) for what, text in said],
    )


def _subject(alarms: Sequence[Alarm]) -> str:
    if len(alarms) == 1:
        return f"bantin: {'' if alarms[0].stands else 'over: '}{headline(alarms[0])}"
    stand = sum(alarm.stands for alarm in alarms)
    problems = "problem" if stand == 1 else "problems"
    told = [f"{count} {what}" for count, what in ((stand, problems), (len(alarms) - stand, "over")) if count]
    return f"bantin: {', '.join(told)}"


def _short(text: str) -> str:
    """One line, without control characters, not too long."""
    line = " ".join(safe(text).split())
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"


def _plain(text: str) -> str:
    """Text by which Slack, and those who take its messages, call nobody and make no links but of plain addresses."""
    return _CALLS.sub(rf"\g<0>{_NOTHING}", escape(text, quote=False))
