"""The ledger knows which lines stand in an element, and who took them."""

import pytest
from lxml.html import fromstring

from cleaning.ledger import Ledger
from tests.cleaning.markup import SENTENCES, cleaned, page


@pytest.mark.parametrize("blank", ["&#8203;", "&#65279;", "&shy;"])
def test_an_element_that_shows_nothing_holds_no_line(blank):
    body = fromstring(f"<div><p>Một</p><p>{blank}</p><p>Hai</p><div>{blank}<p>Ba</p>{blank}</div><p>Bốn</p></div>")
    ledger = Ledger(body)
    held = [[line.text for line in ledger.under(element)] for element in body]
    assert held == [["Một"], [], ["Hai"], ["Ba"], ["Bốn"]]


def test_a_table_with_a_picture_and_a_zero_width_space_has_no_caption():
    table = '<table><tr><td><img src="/1.jpg">&#8203;</td></tr></table>'
    one, *rest = (f"<p>{sentence}</p>" for sentence in SENTENCES)
    assert cleaned(page(one + table + "".join(rest))).text.split("\n") == list(SENTENCES)


def test_a_link_around_blocks_is_a_link_of_each_of_their_lines():
    body = fromstring("<div><a href=/a><h3>Một</h3><p>Hai</p></a><p>Ba</p><p><a href=/b>Bốn</a></p></div>")
    links = [[anchor.get("href") for anchor in line.links] for line in Ledger(body).lines]
    assert links == [["/a"], ["/a"], [], ["/b"]]


def test_the_text_of_an_element_on_one_line_has_a_space_where_a_line_ends():
    ledger = Ledger(fromstring("<div><p>Một</p><p>H<b>ai</b></p><p>Ba</p></div>"))
    ledger.take_line(ledger.lines[1], "x")
    assert ledger.all_text_under(ledger.body) == "Một Hai Ba"
