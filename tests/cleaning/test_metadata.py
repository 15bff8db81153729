"""Title, author, language, section, tags, addresses: from the most trusted place that has them, and never made up."""

import pytest

from model.article import Alternate
from model.url import article_id
from tests.cleaning.markup import SENTENCES, TITLE, URL, cleaned, page, paragraphs, source


def ld(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


# --- title -------------------------------------------------------------------
@pytest.mark.parametrize(
    "title",
    [
        f"{TITLE} - Cổng thông tin xã Ví Dụ",
        f"{TITLE} | Cổng thông tin xã Ví Dụ",
        f"{TITLE} – Tin tức – Cổng thông tin xã Ví Dụ",
        f"Cổng thông tin xã Ví Dụ - {TITLE}",
        f"{TITLE} :: Trang của xã",
    ],
)
def test_title_without_the_sites_name(title):
    markup = f"<html><head><title>{title}</title></head><body><div>{TITLE}</div>{paragraphs()}</body></html>"
    if "Trang của xã" in title:
        markup = markup.replace(f"<div>{TITLE}</div>", f"<h1>{TITLE}</h1>")
    assert cleaned(markup).title == TITLE


def test_title_keeps_a_dash_of_its_own():
    title = "Đường hoa An Bình - niềm vui của cả xã"
    assert cleaned(page(title=title)).title == title


def test_title_of_a_platform_whose_h1_is_the_section():
    markup = (
        f"<html><head><title>{TITLE} - Cổng thông tin xã Ví Dụ</title><meta property='og:title' content='{TITLE}'>"
        f"</head><body><h1 class='portlet-title'>Tin hoạt động</h1><div class='asset-title'>{TITLE}</div>{paragraphs()}"
        "</body></html>"
    )
    assert cleaned(markup).title == TITLE


def test_title_escaped_twice():
    head = ld('{"@type": "NewsArticle", "headline": "H&amp;#7897;i làng &amp;amp; hội đua"}')
    assert cleaned(page(head=head)).title == "Hội làng & hội đua"


# --- author ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("signature", "author"),
    [
        ('<p style="text-align:right"><strong>Diệu Hương</strong></p>', "Diệu Hương"),
        ('<p style="text-align:right"><b>Hà Thu (tổng hợp)</b></p>', "Hà Thu"),
        ("<p><em>Minh Khôi</em></p>", "Minh Khôi"),
        ("<p>Minh Khôi</p>", "Minh Khôi"),
        ('<p align="right">Bài, ảnh: Lê Na</p>', "Lê Na"),
        ('<p class="author">Thu Trang - Hải Yến</p>', "Thu Trang; Hải Yến"),
        ('<p align="right">Cổng thông tin xã Ví Dụ</p>', None),
        ("<p>Kết thúc.</p>", None),
        ("<p>Ảnh đẹp</p>", None),
        ("", None),
    ],
)
def test_signature(signature, author):
    article = cleaned(page(paragraphs(signature)))
    assert article.author == author
    if author:
        assert article.origins["author"] in ("signature", "visible")
        assert article.text.split("\n") == list(SENTENCES)


def test_signature_behind_a_link_to_a_document():
    document = '<div><a href="/files/ke-hoach.pdf">Kế hoạch số 12/KH-UBND</a></div>'
    article = cleaned(page(paragraphs(document, '<p style="text-align:right"><b>Bùi Thạch Thảo</b></p>')))
    assert article.author == "Bùi Thạch Thảo"
    assert "Bùi Thạch Thảo" not in article.text
    assert [one.name for one in article.attachments] == ["Kế hoạch số 12/KH-UBND"]


@pytest.mark.parametrize(
    ("value", "author"),
    [
        ('{"@type": "Person", "name": "Lan Chi"}', "Lan Chi"),
        (
            '[{"@type": "Person", "name": "Lan Chi"}, {"@type": "Person", "name": "By Tom Nguyen"}]',
            "Lan Chi; Tom Nguyen",
        ),
        ('"Lan Chi"', "Lan Chi"),
        ('{"@type": "Organization", "name": "Ban tin"}', None),
        ('"Cổng thông tin xã Ví Dụ"', None),
        ('"admin"', None),
        ('"https://facebook.com/x"', None),
        ("null", None),
        ("[[]]", None),
    ],
)
def test_author_of_structured_data(value, author):
    assert cleaned(page(head=ld(f'{{"@type": "NewsArticle", "author": {value}}}'))).author == author


def test_the_publisher_is_no_author():
    head = ld('{"@type": "NewsArticle", "author": "Báo Ví Dụ", "publisher": {"name": "Báo Ví Dụ"}}')
    assert cleaned(page(head=head)).author is None


def test_the_outlets_name_in_the_byline_is_no_author():
    site = source(clean={"outlets": ["Việt Nam"]})
    byline = '<span class="author">Việt Nam</span>'
    assert cleaned(page(byline + paragraphs()), of=site).author is None


# --- where it comes from -----------------------------------------------------
@pytest.mark.parametrize(
    ("stub", "name", "url"),
    [
        ('<p><a href="https://bao.example/x">Nguồn</a></p>', None, "https://bao.example/x"),
        ('<p>Nguồn: <a href="https://bao.example/x">Báo Ví Dụ</a></p>', "Báo Ví Dụ", "https://bao.example/x"),
        ("<p>Nguồn: Báo Ví Dụ</p>", "Báo Ví Dụ", None),
        ('<p><a href="https://bao.example/x">Sumber</a></p>', None, "https://bao.example/x"),
        ('<p><a href="https://bao.example/x">Source</a></p>', None, "https://bao.example/x"),
        ("<p><em>Theo TTXVN</em></p>", "TTXVN", None),
    ],
)
def test_the_first_publisher_is_metadata_and_not_text(stub, name, url):
    article = cleaned(page(paragraphs(stub)))
    assert (article.via_name, article.via_url) == (name, url)
    assert article.text.split("\n") == list(SENTENCES)
    assert "source-stub" in {removal.rule for removal in article.removed}


# --- structured data that is broken or odd -------------------------------------
@pytest.mark.parametrize(
    "json",
    [
        '{"@type": "NewsArticle", "headline": "Tựa từ JSON", }',
        '{"@type": "NewsArticle", "headline": "Tựa từ JSON", "articleBody": "dòng một\ndòng hai"}',
        '[{"@type": "WebSite", "name": "x"}, {"@type": ["Article", "NewsArticle"], "headline": ["Tựa từ JSON"]}]',
        '{"@graph": [{"@type": "Thing"}, {"@type": "https://schema.org/NewsArticle", "headline": "Tựa từ JSON"}]}',
        '<!-- {"@type": "NewsArticle", "headline": "Tựa từ JSON"} -->',
    ],
)
def test_json_ld_in_its_variants(json):
    article = cleaned(page(head=ld("{broken") + ld(json)))
    assert (article.title, article.origins["title"]) == ("Tựa từ JSON", "json-ld")


@pytest.mark.parametrize(
    "json", ["", "{", "[" * 5_000, "7", '{"@type": 5, "author": {"name": {"x": 1}}}', '{"@graph": "x"}']
)
def test_json_ld_beyond_repair_is_passed_over(json):
    assert cleaned(page(head=ld(json))).title == TITLE


# --- language, section, tags, addresses ----------------------------------------
@pytest.mark.parametrize(
    ("url", "html_language", "language", "origin"),
    [
        ("https://xa-vi-du.example/en/x", "vi", "en", "url"),
        ("https://xa-vi-du.example/tin/x", "en", "en", "html"),
        ("https://xa-vi-du.example/tin/x", "fr", "vi", "detected"),  # the source has no French: the text decides
        ("https://xa-vi-du.example/tin/x", "", "vi", "detected"),
    ],
)
def test_language(url, html_language, language, origin):
    site = source(languages=["vi", "en", "id"], editions={"en": "/en/", "id": "/id/"})
    article = cleaned(page().replace('lang="vi"', f'lang="{html_language}"'), of=site, url=url)
    assert (article.language, article.origins["language"]) == (language, origin)


def test_the_captures_edition_comes_first():
    assert cleaned(page(), language="id").language == "id"


def test_section_and_tags():
    head = ld('{"@type": "NewsArticle", "articleSection": "Văn hóa", "keywords": "đua thuyền, lễ hội"}')
    article = cleaned(page(head=head))
    assert (article.section, article.tags) == ("Văn hóa", ["đua thuyền", "lễ hội"])


@pytest.mark.parametrize(
    ("canonical", "trusted"),
    [
        ("https://xa-vi-du.example/tin/dua-thuyen?utm_source=x", "https://xa-vi-du.example/tin/dua-thuyen"),
        ("/tin/dua-thuyen", "https://xa-vi-du.example/tin/dua-thuyen"),
        ("https://m.xa-vi-du.example/tin/dua-thuyen", "https://m.xa-vi-du.example/tin/dua-thuyen"),
        ("https://elsewhere.example/tin/dua-thuyen", None),  # another site
        ("https://xa-vi-du.example/", None),  # a template's mistake
        ("http://[", None),
        ("https://xa-vi-du.example:99999/x", None),
    ],
)
def test_canonical_address_and_id(canonical, trusted):
    article = cleaned(page(head=f'<link rel="canonical" href="{canonical}">'))
    assert article.canonical_url == trusted
    assert article.id == article_id(trusted or URL)


def test_alternates():
    head = '<link rel="alternate" hreflang="en" href="/en/x"><link rel="alternate" hreflang="x-default" href="/x">'
    assert cleaned(page(head=head)).alternates == [Alternate(language="en", url="https://xa-vi-du.example/en/x")]
