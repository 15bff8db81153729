"""The query language: what people type, and what it means.

    lễ hội đua thuyền           all of these words, with or without diacritics: `le hoi` finds them too
    "đua thuyền"                these words in this order, spelt just so
    thuy*                       words that begin so; "đua thuy*" in quotes too
    -bóng, -"bóng đá"           none of these
    lễ hội OR hội làng          this or that; OR is written large
    title:hội  tag:"di sản"     in the title; of this tag
    source:kimson  lang:en  section:  author:  place:  province:  month:2026-11  id:  url:  run:
    since:2026-11-01  until:2026-11-30   published from, until (both included); 2026 and 2026-11 are days too
    is:changed  is:quarantined  is:injected  is:undated

Values with spaces stand in quotes. Any field may be excluded: `-source:kimson`. Several values of one field are
alternatives, different fields must all fit. Fields and exclusions narrow the whole query, unless they stand beside an
OR. Spam pages are found only by `is:quarantined`.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from typing import NamedTuple

from browse.words import fold, spell, stands_alone
from model.errors import BantinError

MOST_CHARACTERS = 500
"""A longer query is refused."""

MOST_TERMS = 32
"""A query of more words, phrases and filters is refused."""

MOST_WORDS = 100
"""A query whose phrases have more words together is refused."""

LEAST_OF_PREFIX = 2
"""A beginning before a `*` has so many letters, but in scripts where one is a word."""

FIELDS = {
    "title": "title", "source": "source", "lang": "language", "language": "language", "section": "section",
    "author": "author", "place": "locality", "locality": "locality", "province": "province", "tag": "tag",
    "month": "month", "since": "since", "until": "until", "id": "id", "url": "url", "run": "run", "is": "is",
}  # fmt: skip
"""The fields as people write them, and the names they have in clauses."""

SHORT = {"language": "lang", "locality": "place"}
"""How fields are shown to people whose names are other ones."""

STATES = ("changed", "injected", "quarantined", "undated")
"""What may stand after `is:`."""


class InvalidQuery(BantinError):
    """A query that cannot be understood, or costs too much. The message says what is wrong and how to write it.

    `message` is its English text with names for the `values` in it, so that it can be said in other languages, too.
    """

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values)
        self.message = message
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        return partial(InvalidQuery, self.message, **self.values), ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Words that follow each other; one alone is a word. `exact`: spelt just so; `prefix`: the last one goes on.
    `field` is `title`, or None where title and text are meant. Words are as `browse.words.spell` gives them."""

    words: tuple[str, ...]
    exact: bool = False
    prefix: bool = False
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """A field has this value: one of the values of `FIELDS`, but for `title`, `since` and `until`."""

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


@dataclass(frozen=True, slots=True)
class AllOf:
    """Fits where all of them do: one side of an OR."""

    clauses: tuple["Clause", ...]


Clause = Terms | Is | Published | Not | AnyOf | AllOf


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: all clauses must fit. Without any, every article does."""

    text: str
    clauses: tuple[Clause, ...] = ()


def parse_query(text: str, filters: Mapping[str, Sequence[str]] | None = None) -> Query:
    """The query that `text` stands for, narrowed by `filters`: the values of fields as the pages' addresses have them
    (`{"source": ["kimson"], "since": ["2026-11-01"]}`). Raises `InvalidQuery`."""
    items = list(_items(text))
    if len(text) > MOST_CHARACTERS:
        raise InvalidQuery(
            "the query has %(count)s characters: %(most)s at most", count=len(text), most=MOST_CHARACTERS
        )
    alternatives, clauses = _alternatives(items)
    for name, values in (filters or {}).items():
        if name not in FIELDS:
            raise InvalidQuery("no field is called %(field)s: fields are %(known)s", field=name, known=_KNOWN)
        clauses += [_clause(_Item("", name, value, False, quoted=True)) for value in values if value.strip()]
    if text.strip() and not clauses and not alternatives:
        raise InvalidQuery("there is no word in the query: write letters or numbers")
    query = Query(text, (*alternatives, *_narrowing(clauses)))
    _check_cost(query.clauses)
    return query


def with_value(text: str, named: Is, value: str) -> str:
    """The text of a query that asks for another value where `text` asks for `named`. Raises `InvalidQuery` as
    `parse_query` does."""
    plain = '"{}"'.format(value.replace('"', " "))
    for item in _items(text):
        if item.field and not item.excluded and _clause(item) == named:
            text = text.translate(_QUOTES).replace(item.written, f"{item.field}:{plain}")
    return text


class _Item(NamedTuple):
    """A piece of a query: what stands in it, whether it is excluded, of which field, and whether it was quoted."""

    written: str
    field: str | None
    value: str
    excluded: bool
    quoted: bool


# An opening quotation mark begins an item, or stands after a field's colon; elsewhere it is punctuation (5" pipe).
_ITEM = re.compile(
    r"""(?P<minus>-?)(?:(?P<field>[A-Za-z]+):(?=[^\s/]))?"(?P<quoted>[^"]*)(?P<end>"?)\*?"""
    r"""|(?P<minus2>-?)(?:(?P<field2>[A-Za-z]+):(?=[^\s/]))?(?P<plain>\S+)"""
)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟", '"'))
_ADDRESS = re.compile("https?://")
_KNOWN = ", ".join(f"{name}:" for name in FIELDS)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_SHAPES = {
    "month": (re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII), "2026-11"),
    "id": (re.compile(r"[0-9a-f]{4,16}", re.ASCII), "0123456789abcdef"),
    "run": (re.compile(r"\d{8}T\d{6}Z", re.ASCII), "20261122T000000Z"),
}


def _items(text: str) -> Iterator[_Item]:
    for found in _ITEM.finditer(text.translate(_QUOTES)):
        quoted = found["quoted"] is not None
        field = found["field"] if quoted else found["field2"]
        if quoted and not found["end"]:
            raise InvalidQuery("a quotation mark is not closed: put one after the last word of the phrase")
        name = field and field.lower()
        if _ADDRESS.match(found["plain"] or ""):
            name = "url"
        elif name is not None and name not in FIELDS:
            raise InvalidQuery(
                "no field is called %(field)s: fields are %(known)s; words with a colon stand in quotes",
                field=field,
                known=_KNOWN,
            )
        if name is None and (found["plain"] or "").removesuffix(":") in FIELDS and found["plain"].endswith(":"):
            raise InvalidQuery(
                "%(field)s has no value: write it right after the colon; a word stands in quotes", field=found["plain"]
            )
        value = found["quoted"] + "*" * found[0].endswith("*") if quoted else found["plain"]
        yield _Item(found[0], name, value, bool(found["minus"] or found["minus2"]), quoted)


def _alternatives(items: Sequence[_Item]) -> tuple[list[Clause], list[Clause]]:
    """What stands on the two sides of an OR as one clause, if there is an OR; and the clauses that all must fit."""
    items = [one for one in items if one.written != "AND"]
    sides = [list(side) for is_or, side in groupby(items, lambda one: one.written == "OR") if not is_or]
    if sum(one.written == "OR" for one in items) != max(0, len(sides) - 1):
        raise InvalidQuery("OR stands between two words or phrases: a OR b; in quotes it is a word")
    if len(sides) < 2:
        return [], _clauses(items)
    if any(one.written.startswith("(") for one in items if not one.quoted):
        raise InvalidQuery("parentheses do not group: OR parts the words left of it from those right of it")
    narrowing: list[Clause] = []
    alternatives: list[Clause] = []
    for number, side in enumerate(sides):
        beside = [place for place, there in ((0, number > 0), (len(side) - 1, number < len(sides) - 1)) if there]
        narrows = [
            place not in beside and (one.excluded or one.field not in (None, "title")) for place, one in enumerate(side)
        ]
        narrowing += _clauses([one for one, apart in zip(side, narrows, strict=True) if apart])
        clauses = _narrowing(_clauses([one for one, apart in zip(side, narrows, strict=True) if not apart]))
        if not clauses:
            raise InvalidQuery("one side of an OR has no word: write letters or numbers on both")
        alternatives.append(clauses[0] if len(clauses) == 1 else AllOf(tuple(clauses)))
    return [AnyOf(tuple(alternatives))], narrowing


def _clauses(items: Iterable[_Item]) -> list[Clause]:
    """The clauses of items; punctuation that stands for itself has none."""
    return [_clause(one) for one in items if one.field or spell(one.value) or "*" in one.value]


def _clause(item: _Item) -> Clause:
    field = FIELDS[item.field] if item.field else None
    clause: Clause
    match field:
        case None | "title":
            clause = _terms(item, field)
        case "since":
            clause = Published(_day(item.value, last=False), None)
        case "until":
            clause = Published(None, _day(item.value, last=True))
        case _:
            clause = Is(field, _value(field, item.value, chosen=not item.written))
    return Not(clause) if item.excluded else clause


def _terms(item: _Item, field: str | None) -> Terms:
    stem = item.value.removesuffix("*").rstrip()
    prefix = stem != item.value.rstrip()
    words = spell(stem)
    if not words:
        raise InvalidQuery("%(written)s: there is no word in it: write letters or numbers", written=item.written)
    if "*" in stem:
        raise InvalidQuery(
            "%(written)s: * stands at the end of a word only, for whatever follows", written=item.written
        )
    if prefix and len(fold(words[-1])) < LEAST_OF_PREFIX and not stands_alone(words[-1]):
        raise InvalidQuery(
            "%(written)s: write %(least)s letters or more before the *", written=item.written, least=LEAST_OF_PREFIX
        )
    return Terms(words, exact=item.quoted and item.written != "", prefix=prefix, field=field)


def _value(field: str, value: str, chosen: bool) -> str:
    """The value of a field as clauses have it. One that was `chosen`, not typed, may be without a word: a site's author
    may be called ***. Raises `InvalidQuery` where it cannot be one."""
    value = " ".join(value.split())
    if field in ("source", "language", "id", "is"):
        value = value.lower()
    if field == "is" and value not in STATES:
        raise InvalidQuery(
            "is:%(value)s: expected %(known)s", value=value, known=", ".join(f"is:{state}" for state in STATES)
        )
    shape, example = _SHAPES.get(field, (None, ""))
    if shape and not shape.fullmatch(value):
        raise InvalidQuery(
            "%(field)s:%(value)s: expected something like %(example)s", field=field, value=value, example=example
        )
    said = value.partition("://")[2] if field == "url" and "://" in value else value
    if not spell(said) and (field == "url" or not chosen):
        raise InvalidQuery(
            "%(field)s:%(value)s: there is no word in it: write the value right after the colon",
            field=field,
            value=value,
        )
    return value


def _day(value: str, last: bool) -> date:
    """The first or the last day of what is written: a day, a month or a year."""
    value = value.strip()
    found = _DAY.fullmatch(value)
    try:
        if found is None:
            raise ValueError
        year, month, day = (int(part) if part else None for part in found.groups())
        if month is None:
            month = 12 if last else 1
        return date(year or 0, month, day or (monthrange(year or 0, month)[1] if last else 1))
    except ValueError as err:
        raise InvalidQuery("%(value)s: no such day: write 2026-11-30, 2026-11 or 2026", value=value) from err


def _narrowing(clauses: Iterable[Clause]) -> list[Clause]:
    """The clauses that must all fit: values of one field have become alternatives, bounds of time one range."""
    told: list[Clause] = []
    values: dict[str, list[Is]] = {}
    since: list[date] = []
    until: list[date] = []
    for clause in clauses:
        match clause:
            case Is(field, _):
                values.setdefault(field, []).append(clause)
            case Published(begin, end):
                since += [begin] if begin else []
                until += [end] if end else []
            case _:
                told.append(clause)
    for same in values.values():
        different = tuple(dict.fromkeys(same))
        told.append(different[0] if len(different) == 1 else AnyOf(different))
    if since or until:
        told.append(Published(max(since, default=None), min(until, default=None)))
        if since and until and max(since) > min(until):
            raise InvalidQuery(
                "since:%(since)s is after until:%(until)s: exchange them", since=max(since), until=min(until)
            )
    return told


def _check_cost(clauses: Iterable[Clause]) -> None:
    leaves = list(_leaves(clauses))
    if len(leaves) > MOST_TERMS:
        raise InvalidQuery(
            "the query has %(count)s words, phrases and filters: %(most)s at most", count=len(leaves), most=MOST_TERMS
        )
    if sum(len(one.words) for one in leaves if isinstance(one, Terms)) > MOST_WORDS:
        raise InvalidQuery("the query's phrases have more than %(most)s words: leave some out", most=MOST_WORDS)


def _leaves(clauses: Iterable[Clause]) -> Iterator[Clause]:
    for clause in clauses:
        match clause:
            case AnyOf(inner) | AllOf(inner):
                yield from _leaves(inner)
            case Not(one):
                yield from _leaves([one])
            case _:
                yield clause
