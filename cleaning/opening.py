"""Openings: what is printed before an article's text and is none of it: the headline again, days, the outlet's name."""

import re
from collections.abc import Sequence, Set

from cleaning.datelines import heads_entry, is_day_alone, says_other_day
from cleaning.dates import has_date
from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.links import same_site
from cleaning.names import is_agency
from cleaning.organisations import is_domain, is_paper
from cleaning.sites import site_of
from cleaning.text import fold, tidy, words
from cleaning.title import is_kicker

_OUTLET = re.compile(r"^(?:\((?P<bracketed>[^()]{2,40})\)\s*[-–—:]*|(?P<plain>[\w.À-ỹ ]{2,25}?)\s*[-–—])\s+(?=\S)")
_FIRST_LINES = 4
_LINES_TO_TEXT = 10
_DATELINE_CHARS = 70
_KICKER_CHARS = 80
_DAYS_ABOVE = 3
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def take_dateline(ledger: Ledger, start: int | None) -> None:
    """Take off the lines between the title, with the index `start`, and the first sentence that say little beside the
    date."""
    if start is None:
        return
    for line in ledger.lines[start + 1 : start + 1 + _LINES_TO_TEXT]:
        if line.prose:
            return
        text = line.text
        if (
            not line.gone
            and len(text) <= _DATELINE_CHARS
            and has_date(text)
            and not (says_other_day(text) or heads_entry(text))
        ):
            ledger.take_line(line, "dateline")


def leave_out_day_above(ledger: Ledger, kept: Sequence[Line], start: int | None) -> None:
    """Leave out a day that stands alone above the title, as headers print the day of the visit; where the page prints
    no title, one with its weekday above everything else."""
    first = kept[:_DAYS_ABOVE]
    for line in first if start is not None else first[:1]:
        if start is not None and line.index > start:
            return
        if is_day_alone(line.text) and (start is not None or _is_clock(line)):
            ledger.leave_out([line], "dateline", line.block)


def _is_clock(line: Line) -> bool:
    return line.block.tag not in _HEADINGS and line.text[0].isalpha()


def leave_out_headline(ledger: Ledger, kept: Sequence[Line], title: str, printed: int | None) -> None:
    """Leave out a repetition of the title among the first kept lines, and what is marked as the line above it, which
    has the index `printed`."""
    wanted = words(title)
    for line in kept[:_FIRST_LINES]:
        repeats = bool(wanted) and words(line.text) == wanted
        if not repeats and len(line.text) <= _KICKER_CHARS and is_kicker(line):
            repeats = printed is not None and line.index < printed
        if repeats:
            ledger.leave_out([line], "headline", line.block)


def cut_outlet(ledger: Ledger, kept: Sequence[Line], outlets: frozenset[str], hosts: Set[str]) -> str | None:
    """Cut the outlet's name off the beginning of the first sentence: `(Dân trí) - `. Where it is none of `outlets`, nor
    stands for one of `hosts`, but another's, from which the article was taken, its name."""
    for line in kept[:2]:
        found = _OUTLET.match(line.text)
        if found is None:
            continue
        name = found["bracketed"] or found["plain"]
        own = _is_outlet(words(name), outlets) or any(_stands_for(name, host) for host in hosts)
        if own or is_agency(name) or (found["bracketed"] and is_paper(name)):
            ledger.cut(line, tidy(found.group()), line.text[found.end() :], "outlet")
            return None if own else name
    return None


def _stands_for(name: str, host: str) -> bool:
    """Whether `name` is the domain of `host`, the name that the domain spells (`Dân trí`, `VTC News` on vtc.vn), or may
    be short for it: `TTO` is Tuổi trẻ Online on tuoitre.vn."""
    if is_domain(name):
        return same_site(name.lower(), host)
    spelled = _without_kind("".join(one for one in fold(name) if one.isalnum()))
    if len(spelled) >= 3 and is_paper(name) and spelled == _without_kind((site_of(host) or host).split(".")[0]):
        return True
    letters = fold(name).removesuffix("o")
    label = iter(host.removeprefix("www."))
    return name.isupper() and host.removeprefix("www.")[:1] == letters[:1] and all(one in label for one in letters)


def _without_kind(label: str) -> str:
    return label.removeprefix("bao").removesuffix("online").removesuffix("news")


def _is_outlet(name: str, outlets: frozenset[str]) -> bool:
    """Whether `name` is an outlet's, with or without spaces, diacritics and a final `Online`, or its initials (`NLĐO`,
    of Người Lao Động)."""
    plain = fold(name).replace(" ", "")
    spellings = {plain, plain.removesuffix("online"), plain.removesuffix("o")} if len(plain) >= 3 else {plain}
    for outlet in outlets:
        parts = fold(outlet).removeprefix("bao ").split()
        initials = "".join(part[0] for part in parts if part != "online")
        if (
            outlet == name
            or "".join(parts).removeprefix("bao") in spellings
            or (len(parts) > 1 and initials in spellings)
        ):
            return bool(plain)
    return False
