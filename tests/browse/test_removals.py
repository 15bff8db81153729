"""The kinds of removals, as browsing and cleaning name them."""

from browse.removals import Taken, kind_of, taken_by
from cleaning import fates
from cleaning.rules import RULES
from model.article import Removal

_UNRULED = (
    *("caption", "alt-text", "headline", "outlet", "dateline", "signature", "byline", "breadcrumb", "source-stub"),
    *("body-end", "repeated", "ornament", "unclassified", "teaser", "link", "a-sources-own-rule"),
    *("hidden-link", "off-screen-link", "bare-ip-link", "gambling-link"),
)


def test_every_rule_has_the_kind_that_the_cleaner_gives_it():
    names = {rule.name for rule in RULES} | set(_UNRULED)
    assert {name: kind_of(name) for name in names} == {name: fates.kind_of(name) for name in names}


def test_rules_are_counted_by_kind_those_that_took_most_first():
    removed = [Removal(text="x", rule=rule, path="p") for rule in ("menu", "spam", "byline", "menu", "counter")]
    assert taken_by(removed) == [
        Taken("byline", "metadata", 1),
        Taken("menu", "furniture", 2),
        Taken("counter", "furniture", 1),
        Taken("spam", "furniture", 1),
    ]
