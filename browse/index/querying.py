"""From a query to what tantivy is asked.

`matching` finds, `ranking` finds the same and scores. What is scored: each word by BM25 where it stands in title or
text, more where it stands in the title, more where it is spelt as it was typed; and words that follow each other as
they were typed. Filters do not count.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import tantivy
from tantivy import Occur

from browse.index.schema import FACT_FIELDS, address_words, fact_words
from browse.query import AllOf, AnyOf, Clause, Is, Not, Published, Query, Terms
from browse.words import fold

TITLE_BOOST = 2.0
SPELT_BOOST = 0.5
NEAR_BOOST = 1.0
"""Of words that follow each other."""

_FILTER_SCORE = 0.0


class Questions:
    """Makes what is asked of one state of the index: `searcher` tells which words and values there are."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema = schema
        self._searcher = searcher

    def matching(self, query: Query) -> tantivy.Query:
        """What finds the articles that fit, all with one score. Spam pages only where the query speaks of them."""
        return self._all_of([*query.clauses, *self._without_spam(query)])

    def ranking(self, query: Query) -> tantivy.Query:
        """What finds the same, and scores it."""
        scored = list(_scored(query.clauses))
        if len(query.clauses) == 1 and scored == [query.clauses[0]] and not self._without_spam(query):
            return self._best_of(scored[0])
        boosts = [(Occur.Should, one) for terms in scored for one in self._boosts(terms)]
        near = [self._boosted(self._words("text", pair, exact=False), NEAR_BOOST) for pair in _pairs(query.clauses)]
        return tantivy.Query.boolean_query(
            [(Occur.Must, self.matching(query)), *boosts, *((Occur.Should, one) for one in near)]
        )

    def _best_of(self, terms: Terms) -> tantivy.Query:
        """One word or phrase alone: as a union, which tantivy need not read to its end to know the best."""
        return tantivy.Query.boolean_query(
            [(Occur.Should, self._terms(terms)), *((Occur.Should, one) for one in self._boosts(terms))]
        )

    def _boosts(self, terms: Terms) -> list[tantivy.Query]:
        if terms.prefix:
            return []
        if terms.field is not None:
            return [] if terms.exact else [self._words("title", terms.words, exact=True)]
        boosts = [self._boosted(self._words("title", terms.words, exact=terms.exact), TITLE_BOOST)]
        if not terms.exact:
            boosts.append(self._boosted(self._words("text", terms.words, exact=True), SPELT_BOOST))
        return boosts

    def _without_spam(self, query: Query) -> list[Clause]:
        asked = Is("is", "quarantined") in list(wanted(query.clauses))
        return [] if asked or not self._searcher.doc_freq("is", "quarantined") else [Not(Is("is", "quarantined"))]

    def _all_of(self, clauses: Sequence[Clause]) -> tantivy.Query:
        must = [(Occur.Must, self._clause(one)) for one in clauses if not isinstance(one, Not)]
        must_not = [(Occur.MustNot, self._clause(one.clause)) for one in clauses if isinstance(one, Not)]
        if len(must) == 1 and not must_not:
            return must[0][1]
        return tantivy.Query.boolean_query([*(must or [(Occur.Must, tantivy.Query.all_query())]), *must_not])

    def _clause(self, clause: Clause) -> tantivy.Query:
        match clause:
            case Terms():
                return self._terms(clause)
            case Is(field, value):
                return tantivy.Query.const_score_query(self._is(field, value), _FILTER_SCORE)
            case Published(since, until):
                first, last = (one.toordinal() if one else None for one in (since, until))
                days = tantivy.Query.range_query(self._schema, "day", tantivy.FieldType.Integer, first, last)
                return tantivy.Query.const_score_query(days, _FILTER_SCORE)
            case Not():
                return self._all_of([clause])
            case AnyOf(clauses):
                return tantivy.Query.boolean_query([(Occur.Should, self._clause(one)) for one in clauses])
            case AllOf(clauses):
                return self._all_of(clauses)

    def _terms(self, terms: Terms) -> tantivy.Query:
        return self._words(terms.field or "text", terms.words, exact=terms.exact, prefix=terms.prefix)

    def _words(self, field: str, words: Sequence[str], *, exact: bool, prefix: bool = False) -> tantivy.Query:
        """Words in a row, of title or of title and text."""
        if exact:
            return self._row(f"{field}_spelt", list(words), prefix)
        return self._row(field, [fold(word) for word in words], prefix)

    def _row(self, field: str, words: Sequence[str], prefix: bool = False) -> tantivy.Query:
        if prefix:
            patterns: list[str | tuple[int, str]] = [*map(re.escape, words[:-1]), f"{re.escape(words[-1])}.*"]
            if len(words) == 1:
                return tantivy.Query.regex_query(self._schema, field, f"{re.escape(words[0])}.*")
            return tantivy.Query.regex_phrase_query(self._schema, field, patterns)
        if len(words) == 1:
            return tantivy.Query.term_query(self._schema, field, words[0], "freq")
        return tantivy.Query.phrase_query(self._schema, field, list(words))

    def _is(self, field: str, value: str) -> tantivy.Query:
        if field == "id" and len(value) < 16:
            return tantivy.Query.regex_query(self._schema, "id", f"{value}.*")
        if field == "url":
            return self._row("url", address_words(value))
        words = fact_words(field, value) if field in FACT_FIELDS else []
        if words and not self._searcher.doc_freq(field, value):
            return self._row("facts", words)
        return tantivy.Query.term_query(self._schema, field, value, "basic")

    @staticmethod
    def _boosted(query: tantivy.Query, boost: float) -> tantivy.Query:
        return tantivy.Query.boost_query(query, boost)


def has_words(query: Query) -> bool:
    """Whether there is anything in a query that hits can be ranked by."""
    return any(_scored(query.clauses))


def wanted(clauses: Sequence[Clause]) -> Iterator[Clause]:
    """What a query asks for anywhere, but for what it excludes."""
    for clause in clauses:
        match clause:
            case AnyOf(inner) | AllOf(inner):
                yield from wanted(inner)
            case Not():
                pass
            case _:
                yield clause


def _scored(clauses: Sequence[Clause]) -> Iterator[Terms]:
    return (one for one in wanted(clauses) if isinstance(one, Terms))


def _pairs(clauses: Sequence[Clause]) -> Iterator[tuple[str, ...]]:
    """Neighbours among the words of a query, which are not in quotes."""
    for clause in clauses:
        if isinstance(clause, AnyOf | AllOf):
            yield from _pairs(clause.clauses)
    plain = [one if isinstance(one, Terms) and not (one.exact or one.prefix or one.field) else None for one in clauses]
    for one, other in pairwise(plain):
        if one and other:
            yield (*one.words, *other.words)
