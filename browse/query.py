"""The query language: what people type, and what it means.

    lễ hội đua thuyền           all of these words, with or without diacritics: `le hoi` finds them too
    "đua thuyền"                these words in this order, spelt just so
    thuy*                       words that begin so
    -bóng, -"bóng đá"           none of these
    lễ hội OR hội làng          this or that; OR is written large
    title:hội  tag:"di sản"     in the title; of this tag
    source:kimson  lang:en  section:  author:  place:  province:  month:2026-11  id:  url:  run:
    since:2026-11-01  until:2026-11-30   published from, until (both included); 2026 and 2026-11 are days too
    is:changed  is:quarantined  is:injected  is:undated

Values with spaces stand in quotes. Any field may be excluded: `-source:kimson`. Several values of one field are
alternatives, different fields must all fit. Spam pages are found only by `is:quarantined`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from model.errors import BantinError

MOST_CHARACTERS = 500
"""A longer query is refused."""

MOST_TERMS = 32
"""A query of more words, phrases and filters is refused."""


class InvalidQuery(BantinError):
    """A query that cannot be understood, or costs too much. The message says what is wrong and how to write it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Words that follow each other; one alone is a word. `exact`: spelt just so; `prefix`: the last one goes on.
    `field` is `title`, or None where title and text are meant."""

    words: tuple[str, ...]
    exact: bool = False
    prefix: bool = False
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """A field has this value; `source`, `language` …"""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Published:
    """Published from `since` until `until`, both included; None is open."""

    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Not:
    """Leaves out what fits."""

    clause: "Clause"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Fits where one of them does."""

    clauses: tuple["Clause", ...]


Clause = Terms | Is | Published | Not | AnyOf


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: all clauses must fit. Without any, every article does."""

    text: str
    clauses: tuple[Clause, ...] = ()


def parse_query(text: str, filters: Mapping[str, Sequence[str]] | None = None) -> Query:
    """The query that `text` stands for, narrowed by `filters`: the values of fields as the pages' addresses have them
    (`{"source": ["kimson"], "since": ["2026-11-01"]}`). Raises `InvalidQuery`."""
    raise NotImplementedError
