"""A row of an articles table, as the index takes it."""

from dataclasses import asdict

from browse.index.document import COLUMNS, document_of
from model.article import Alternate, Image, Removal, SpamLink
from model.url import article_id
from tests.records import RUN, article

EN = "https://portal.example/en/festival"


def test_a_document_has_the_rows_values_and_its_history() -> None:
    row = article(
        tags=["hội"],
        removed=[Removal(text="Chia sẻ", rule="share", path="div")],
        spam=[SpamLink(text="x", url="https://x.example/", rule="gambling", hidden=True)] * 2,
    )
    runs = [("kimson", "20261123T000000Z"), ("kimson", RUN)]
    document = document_of(asdict(row), versions=2, runs=runs, province="Ninh Bình")
    assert (document.id, document.text, document.published_on) == (row.id, row.text, row.published_on)
    assert (document.tags, document.image_url) == (("hội",), "http://portal.example/1.jpg")
    assert (document.removed, document.spam, document.versions) == (1, 2, 2)
    assert document.runs == (("kimson", RUN), ("kimson", "20261123T000000Z"))
    assert document.province == "Ninh Bình"


def test_numbers_of_blocks_are_enough() -> None:
    values = {name: value for name, value in asdict(article()).items() if name in COLUMNS}
    values |= {"removed": 7, "spam": None, "tags": None, "images": None, "alternates": None}
    document = document_of(values)
    assert (document.removed, document.spam, document.tags, document.image_url) == (7, 0, (), None)
    assert document.runs == (("kimson", RUN),)


def test_it_refers_to_its_editions_and_to_its_source_but_not_to_itself() -> None:
    own = "http://portal.example/own"
    row = article(
        id=article_id(own),
        via_url="https://source.example/a",
        alternates=[
            Alternate(language="en", url=EN),
            Alternate(language="vi", url=own),
            Alternate(language="x", url="x"),
        ],
        images=[Image(url="http://portal.example/1.jpg")],
    )
    assert document_of(asdict(row)).refers_to == (article_id(EN), article_id("https://source.example/a"))
