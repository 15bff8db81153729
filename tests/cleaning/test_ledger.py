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
