"""Teasers: headlines of other articles that stand between an article's paragraphs."""

from collections.abc import Sequence
from itertools import groupby

from cleaning.ledger import Ledger
from cleaning.lines import Line
from cleaning.links import is_document

_HEADLINE_CHARS = 25
_LINK_SHARE = 0.25


def leave_out_link_runs(ledger: Ledger, kept: Sequence[Line]) -> None:
    """Leave out headlines of other articles: two or more kept lines in a row that are nothing but links.

    Where these make up much of the text it is a list of links that was meant as one, and stays.
    """
    runs = [list(group) for linked, group in groupby(kept, key=_is_headline) if linked]
    runs = [run for run in runs if len(run) > 1]
    chars = sum(len(line.text) for run in runs for line in run)
    if chars <= _LINK_SHARE * sum(len(line.text) for line in kept):
        for run in runs:
            ledger.leave_out(run, "related-link", run[0].block)


def leads_elsewhere(line: Line) -> bool:
    """Whether the line is nothing but a link to another page; tables of contents, which lead to this one, and documents
    are not."""
    targets = [(anchor.get("href") or "").lower() for anchor in line.links]
    return bool(line.linked) and any(target and "#" not in target and not is_document(target) for target in targets)


def _is_headline(line: Line) -> bool:
    return len(line.text) >= _HEADLINE_CHARS and leads_elsewhere(line)
