"""Attachments: documents in the article and in a box beside it that says so; not those of the rest of the page."""

import pytest

from cleaning.links import is_document
from model.article import Article
from tests.cleaning.markup import SENTENCES, cleaned, page, paragraphs

PLAN = ("https://xa-vi-du.example/f/ke-hoach.pdf", "Kế hoạch")
LINK = '<a href="/f/ke-hoach.pdf">Kế hoạch</a>'


def beside(box: str) -> Article:
    """The article with markup right behind its body."""
    return cleaned(page().replace('</div></div><div id="bottom">', f'</div>{box}</div><div id="bottom">'))


def attached(article: Article) -> list[tuple[str, str]]:
    """What is attached to the article: addresses and names."""
    return [(one.url, one.name) for one in article.attachments]


@pytest.mark.parametrize(
    "box",
    [
        f'<div class="file-dinh-kem"><p>Tệp đính kèm</p>{LINK}</div>',
        f'<div class="TepDinhKem">{LINK}</div>',
        f'<ul class="attachments"><li>{LINK}</li></ul>',
        f"<div><p>Tệp đính kèm:</p><ul><li>{LINK}</li></ul></div>",
        f"<h4>File đính kèm (1)</h4><div>{LINK}</div>",
        f"<p><b>Tài liệu đính kèm:</b> {LINK}</p>",
        f"<table><tr><td>Văn bản kèm theo</td></tr><tr><td>{LINK}</td></tr></table>",
        f'<div class="share"><p>Chia sẻ</p></div><div><h5>Attachments</h5>{LINK}</div>',
        f"<section><h3>Lampiran</h3><p>{LINK}</p></section>",
    ],
)
def test_a_box_beside_the_article_that_says_so(box):
    article = beside(box)
    assert attached(article) == [PLAN]
    assert article.text.split("\n") == list(SENTENCES)


@pytest.mark.parametrize(
    "box",
    [
        f"<div><h4>Văn bản khác</h4><ul><li>{LINK}</li></ul></div>",
        f'<div class="box">{LINK}</div>',
        f"<div><h4>Các tin khác</h4><ul><li>{LINK}</li></ul></div>",
        f'<div class="related-news attachments">{LINK}</div>',
        f'<nav class="attachments">{LINK}</nav>',
        f"<footer><p>Tệp đính kèm:</p><p>{LINK}</p></footer>",
        f"<p>Cách đính kèm: đọc trong</p><p>{LINK}</p>",
        "<div>" + "<p>Một hộp khác của trang này</p>" * 12 + f"<p>Tệp đính kèm</p>{LINK}</div>",
    ],
)
def test_documents_of_the_rest_of_the_page_are_not_the_articles(box):
    assert attached(beside(box)) == []


def test_documents_of_menus_are_not_the_articles():
    menu = f'<ul class="menu"><li><a href="/f/lich.pdf">Lịch tiếp dân</a></li><li>{LINK}</li></ul>'
    assert attached(cleaned(page(before=menu, after=menu))) == []


def test_documents_that_scripts_hand_out():
    links = (
        '<a href="/documents/10182/12345/ke-hoach.pdf/0b5a3c1e-77?t=1731900000000">Kế hoạch</a>, '
        '<a href="/Download.ashx?id=3&amp;file=danh-sach.xlsx"></a>'
    )
    assert attached(cleaned(page(paragraphs(f"<p>Xem thêm trong {links} của ban tổ chức.</p>")))) == [
        ("https://xa-vi-du.example/documents/10182/12345/ke-hoach.pdf/0b5a3c1e-77?t=1731900000000", "Kế hoạch"),
        ("https://xa-vi-du.example/Download.ashx?id=3&file=danh-sach.xlsx", "danh-sach.xlsx"),
    ]


def test_the_name_of_a_document_is_what_readers_see_of_it():
    icon = '<a href="/f/ke-hoach.pdf"><img src="/pdf.gif" width="16"></a>'
    assert attached(cleaned(page(paragraphs(f"<p>{icon} {LINK}</p>")))) == [PLAN]
    assert [one.name for one in cleaned(page(paragraphs(f"<p>{icon}</p>"))).attachments] == ["ke-hoach.pdf"]


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("/f/a.pdf", True),
        ("/f/A.DOCX?v=2#page=3", True),
        ("/f/a%2Epdf", True),
        ("/documents/d/10182/a.xlsx/5f0c", True),
        ("/documents/10182/a.jpg/5f0c", False),
        ("/tin/a.pdf/b.html", False),
        ("/GetFile.aspx?name=a.rar", True),
        ("/tai-ve?tep=a.zip", True),
        ("/sharer.php?u=https://xa.example/a.pdf", False),
        ("/tin-pdf", False),
        ("http://[", False),
    ],
)
def test_which_addresses_are_documents(url, is_one):
    assert is_document(url) is is_one
