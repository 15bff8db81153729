"""Searches by kind find what trafilatura's own XPaths find, and fall back to them where a kind does not tell."""

from pathlib import Path

import pytest
import trafilatura
from lxml.etree import XPath
from lxml.html import document_fromstring
from trafilatura import xpaths
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.settings import Extractor

from cleaning import engine
from cleaning.kinds import KindSearch, by_kind

PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))
LISTS = {name: value for name, value in vars(xpaths).items() if name.endswith(("_XPATH", "_ELEMENTS"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_same_elements_are_found_in_the_same_order(page):
    raw = document_fromstring(page.read_bytes())
    options = Extractor(precision=True)
    converted = convert_tags(tree_cleaning(document_fromstring(page.read_bytes()), options), options)
    for tree in (raw, converted):
        for name, searches in LISTS.items():
            for own, theirs in zip(by_kind(searches), searches, strict=True):
                assert own(tree) == theirs(tree), (name, theirs.path)


@pytest.mark.parametrize(
    "name",
    [
        "OVERALL_DISCARD_XPATH",
        "TEASER_DISCARD_XPATH",
        "REMOVE_COMMENTS_XPATH",
        "REMOVE_COMMENTS_AND_LISTS_XPATH",
        "DISCARD_IMAGE_ELEMENTS",
    ],
)
def test_the_searches_that_take_the_most_time_go_by_kind(name):
    assert all(isinstance(one, KindSearch) for one in by_kind(LISTS[name]))


@pytest.mark.parametrize(
    "path",
    [
        ".//header",
        "(.//article)[1]",
        ".//*[self::div][contains(@class, 'a')][not(.//h1)]",
        ".//*[self::div][contains(., 'a')]",
        ".//*[contains(@class, 'a')]/p",
        ".//*[contains(@class, 'a') and position() = 2]",
        ".//*[self::div][not(contains(@class, 'a'))]",
        ".//*[self::div or @id][contains(@class, 'a')]",
        ".//*[contains(@class, 'a')][2]",
    ],
)
def test_a_search_for_more_than_tag_and_attributes_stays_an_xpath(path):
    assert isinstance(by_kind([XPath(path)])[0], XPath)


@pytest.mark.parametrize(
    "path",
    [
        ".//*[self::div or self::p][contains(@class, 'a') or @hidden or starts-with(@id|@class, 'x.y')]",
        ".//*[@class='a' or contains(translate(@id, 'T', 't'), 'teaser')]",
        ".//*[self::div or self::p][re:test(@id|@class, '^a$') or re:test(@class, '(^|\\s)b|c(\\s|$)')][1]",
    ],
)
def test_anchors_order_of_attributes_and_places_count(path):
    search = XPath(path, namespaces={"re": "http://exslt.org/regular-expressions"})
    kind = by_kind([search])[0]
    assert isinstance(kind, KindSearch)
    markup = (
        "<div><p class=a>1<p class='x b'>2<p id=a class=n>3<p class=n id=a>4<p hidden>5<p id=xzy>6<p id=x.y>7</p>"
        "<div class=a><p class='cc d'>8<p class='x cc'>9<p id=myTeaser>10</div>"
        "<p class=a>11<span class=a>12</span></div>"
    )
    tree = document_fromstring(markup)
    assert kind(tree) == search(tree)
    assert kind(tree)  # the second time, from memory
    assert kind(tree) == search(tree)


def test_an_attribute_that_only_a_parser_can_make_is_searched_all_the_same():
    tree = document_fromstring('<div><p class="sidebar&#1;">menu</p><p class="sidebar">menu</p></div>')
    for own, theirs in zip(by_kind(LISTS["OVERALL_DISCARD_XPATH"]), LISTS["OVERALL_DISCARD_XPATH"], strict=True):
        assert own(tree) == theirs(tree)


def test_trafilatura_stays_as_it_is():
    import trafilatura.main_extractor as theirs

    assert theirs.OVERALL_DISCARD_XPATH is xpaths.OVERALL_DISCARD_XPATH
    assert all(isinstance(one, XPath) for one in theirs.OVERALL_DISCARD_XPATH)
    assert engine.extract_content is not theirs.extract_content


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.parametrize("precision", [False, True])
def test_the_engine_extracts_what_trafilatura_does(page, precision):
    wanted = Extractor(output_format="python", fast=True, precision=precision, comments=False)
    text = page.read_text("utf-8")
    own, theirs = (one(text, options=wanted) for one in (engine.bare_extraction, trafilatura.bare_extraction))
    assert (own and own.text) == (theirs and theirs.text)
