"""Title, author, language, section, tags, addresses: from the most trusted place that has them, and never made up."""

import pytest

from cleaning.links import find_via
from cleaning.subject import find_tags, section_and_crumbs
from model.article import Alternate
from model.url import article_id
from tests.cleaning.markup import SENTENCES, TITLE, URL, cleaned, page, paragraphs, source
from tests.cleaning.opened import opened


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


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Chi tiết tin", "<h1>{}</h1>", TITLE),
        ("Chi tiết tin", '<div class="article-title">{}</div>', TITLE),
        ("Tin hoạt động", '<h1 class="portlet-title">Tin hoạt động</h1><h2 class="asset-title">{}</h2>', TITLE),
        ("Tin hoạt động", '<ul><li><a href="/tin">Tin hoạt động</a></li></ul><h1>{}</h1>', TITLE),
        ("Chi tiết tin", "<p>Tin hoạt động</p><p><b>{}</b></p>", TITLE),
        ("Chi tiết tin", '<div class="title">{}</div><p>Thứ ba, 03/11/2026</p>', TITLE),
        (source().name, "<div><strong>{}</strong></div>", TITLE),
        ("Chi tiết tin", "<p><b>Tin hoạt động</b></p>", "Chi tiết tin"),
        # the title is a headline where the page prints it, or is as long as one
        ("Giá lúa tăng", "<h1>Tiếng nói của người dân xã Ví Dụ</h1><div>Giá lúa tăng</div>", "Giá lúa tăng"),
        (TITLE, "<h1>Tiếng nói của người dân xã Ví Dụ hôm nay</h1>", TITLE),
        ("Chi tiết tin", "<h1>Thông báo</h1>", "Chi tiết tin"),
        ("Chi tiết tin", f'<h1><a href="/x">{TITLE}</a></h1>', "Chi tiết tin"),
        ("Tin tức - Cổng thông tin điện tử", '<h3 class="asset-title">{}</h3>', TITLE),
        ("Trang thông tin điện tử | Tin tức", '<h3 class="asset-title">{}</h3>', TITLE),
    ],
)
def test_a_title_that_says_nothing_gives_way_to_the_headline(title, body, expected):
    markup = f"<html><head><title>{title}</title></head><body>{body.format(TITLE)}{paragraphs()}</body></html>"
    assert cleaned(markup).title == expected


def test_title_escaped_twice():
    head = ld('{"@type": "NewsArticle", "headline": "H&amp;#7897;i làng &amp;amp; hội đua"}')
    assert cleaned(page(head=head)).title == "Hội làng & hội đua"


def headed(h1: str, *, title: str, head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body><h1>{h1}</h1>{paragraphs()}</body></html>"


OG = "<meta property='og:title' content='{}'>"
SEO = "Hội đua thuyền mùa thu: lịch, giá vé và đường đi"


@pytest.mark.parametrize(
    ("h1", "title", "head", "expected"),
    [
        # a plug-in fills in what search engines read: the h1 is the headline
        (TITLE, SEO + " mùa thu xã Ví Dụ mở hội", OG.format(SEO), TITLE),
        (TITLE, SEO, ld(f'{{"@type": "BlogPosting", "headline": "{SEO}"}}'), TITLE),
        # so does a newsroom's system where it has one text for all machines
        (TITLE, SEO, OG.format(SEO) + ld(f'{{"@type": "NewsArticle", "headline": "{SEO}"}}'), TITLE),
        # a newsroom's own headline, written by hand, beats a variant in the h1
        ("Mở hội đua thuyền mùa thu", SEO, ld(f'{{"@type": "NewsArticle", "headline": "{TITLE}"}}'), TITLE),
        # … but not where it is the title's, and the page prints og:title
        (TITLE, SEO, OG.format(TITLE) + ld(f'{{"@type": "NewsArticle", "headline": "{SEO}"}}'), TITLE),
        # cut short for lack of room
        (TITLE, f"{TITLE[:20]}…", OG.format(TITLE[:20] + "…"), TITLE),
        # kickers
        (f"<span class='kicker'>Lễ hội</span> {TITLE}", f"{TITLE}: những điều cần biết", "", TITLE),
        (f"Lễ hội mùa thu {TITLE}", TITLE, OG.format(TITLE), TITLE),
        # capitals are the page's style, not the headline's
        (TITLE.upper(), TITLE, OG.format(TITLE), TITLE),
        # an h1 that has nothing to do with it
        ("Chuyên mục", TITLE, OG.format(TITLE), TITLE),
        ("Lời nhắn của ban biên tập gửi bạn đọc", TITLE, OG.format(TITLE), TITLE),
    ],
)
def test_which_headline_it_is(h1, title, head, expected):
    assert cleaned(headed(h1, title=title, head=head)).title == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("What people love about it | Some Blog", "What people love about it"),  # blog.some-lang.example
        ("Notes: The lean boat", "The lean boat"),
        ("乡村举办秋季龙舟赛受到欢迎-时政ㅣ示例网", "乡村举办秋季龙舟赛受到欢迎"),
        ("Red and blue - a story of two colours", "Red and blue - a story of two colours"),
    ],
)
def test_titles_without_an_h1(title, expected):
    site = source(name="示例网", url="https://blog.some-lang.example/")
    head = "<meta property='og:site_name' content='Notes'>"
    markup = f"<html><head><title>{title}</title>{head}</head><body><h2>Khác</h2>{paragraphs()}</body></html>"
    assert cleaned(markup, of=site, url="https://blog.some-lang.example/a").title == expected


def test_the_headline_in_a_place_for_the_sites_name_stays_the_headline():
    head = f"<meta name='application-name' content='{TITLE}'>" + OG.format(TITLE)
    assert cleaned(page(head=head)).title == TITLE


def test_a_heading_of_several_lines():
    markup = headed("Xã Ví Dụ mở hội<br>đua thuyền mùa thu", title=f"{TITLE}: lịch trình")
    assert cleaned(markup).title == TITLE


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
        ("<p>来源：示例日报</p>", "示例日报", None),
        ('<p>Источник: <a href="https://bao.example/x">Газета</a></p>', "Газета", "https://bao.example/x"),
        ("<p>(ที่มา - ข่าวบ้าน)</p>", "ข่าวบ้าน", None),
        ("<p><em>Theo TTXVN</em></p>", "TTXVN", None),
        ('<p class="source">Nhịp Sống Ví Dụ</p>', "Nhịp Sống Ví Dụ", None),
        ('<div id="ctl00_g_5d1f_pnNguonTin">TTXVN</div>', "TTXVN", None),
    ],
)
def test_the_first_publisher_is_metadata_and_not_text(stub, name, url):
    article = cleaned(page(paragraphs(stub)))
    assert (article.via_name, article.via_url) == (name, url)
    assert article.text.split("\n") == list(SENTENCES)
    assert "source-stub" in {removal.rule for removal in article.removed}


@pytest.mark.parametrize("line", ["Source-led reporting of the contest", "Bron en monding", "来源不明的船"])
def test_a_heading_that_begins_like_the_label_of_a_source_is_text(line):
    article = cleaned(page(paragraphs(f"<h3>{line}</h3>", f"<p>{SENTENCES[0]} {TITLE}.</p>")))
    assert line in article.text
    assert (article.via_name, article.via_url) == (None, None)


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
        ("https://xa-vi-du.example/tin/x", "vi", "vi", "html"),
        ("https://xa-vi-du.example/tin/x", "en", "vi", "detected"),  # its letters are Vietnamese
        ("https://xa-vi-du.example/tin/x", "fr", "vi", "detected"),  # the source has no French: the text decides
        ("https://xa-vi-du.example/tin/x", "", "vi", "detected"),
    ],
)
def test_language(url, html_language, language, origin):
    site = source(languages=["vi", "en", "id"], editions={"en": "/en/", "id": "/id/"})
    article = cleaned(page().replace('lang="vi"', f'lang="{html_language}"'), of=site, url=url)
    assert (article.language, article.origins["language"]) == (language, origin)


def test_english_under_a_vietnamese_template_is_english():
    english = "The commune opened its autumn boat race on Sunday, and thousands came to the river to watch it. "
    article = cleaned(page("".join(f"<p>{english * 2}</p>" for _ in range(3))), of=source(languages=["vi", "en"]))
    assert (article.language, article.origins["language"]) == ("en", "detected")


def test_the_captures_edition_comes_first():
    assert cleaned(page(), language="id").language == "id"


def test_section_and_tags():
    head = ld('{"@type": "NewsArticle", "articleSection": "Văn hóa", "keywords": "đua thuyền, lễ hội"}')
    article = cleaned(page(head=head))
    assert (article.section, article.tags) == ("Văn hóa", ["đua thuyền", "lễ hội"])


CRUMBS = (
    '<ul class="breadcrumb"><li><a href="/">Trang chủ</a></li><li><a href="/vh">Văn hóa</a></li>'
    '<li><a href="/vh/lh">Lễ hội</a></li>{}</ul>'
)


MENU = '<div><a href="/tt">Thể thao</a></div><div><a href="/vh">Văn hóa</a></div>'


@pytest.mark.parametrize(
    ("before", "head", "section"),
    [
        (CRUMBS.format(""), "", "Lễ hội"),
        (CRUMBS.format(f"<li>{TITLE}</li>"), "", "Lễ hội"),
        ('<nav aria-label="Breadcrumb"><a href="/">Home</a> › <a href="/c">Culture</a></nav>', "", "Culture"),
        ('<div class="breadcrumb"><a href="/">Trang chủ</a></div>', "", None),
        ('<ul class="menu"><li><a href="/">Trang chủ</a></li><li><a href="/vh">Văn hóa</a></li></ul>', "", None),
        (f'{MENU}<p>Tin</p><a href="/vh">Văn hóa</a>', "", "Văn hóa"),  # alone above the title, and in the menu
        ('<p>Tin</p><a href="/vh">Văn hóa</a>', "", None),
        (f'<a href="/vh">Văn hóa</a>{MENU}', "", None),  # the menu's last
        (CRUMBS.format(""), '<meta property="article:section" content="Thể thao">', "Thể thao"),
        (CRUMBS.format(""), '<meta property="article:section" content="news_sport">', "Lễ hội"),  # a system's code
        (CRUMBS.format(""), '<meta property="article:section" content="Uncategorized">', "Lễ hội"),
    ],
)
def test_sections(before, head, section):
    found = opened(page(before=before, head=head))
    assert section_and_crumbs(found.page, found.head, found.source, found.lines, found.title)[0] == section


def test_the_printed_way_to_the_article_is_named_even_where_the_section_came_from_elsewhere():
    found = opened(page(before=CRUMBS.format(""), head='<meta property="article:section" content="Thể thao">'))
    _, _, crumbs = section_and_crumbs(found.page, found.head, found.source, found.lines, found.title)
    assert crumbs is not None
    assert crumbs.get("class") == "breadcrumb"


@pytest.mark.parametrize(
    ("after", "tags"),
    [
        ('<div class="tags">Từ khóa: <a href="/tag/a">đua thuyền</a>, <a href="/tag/b">#lễ hội</a></div>', True),
        (
            '<ul class="post-tags"><li><a href="/tag/a">đua thuyền</a></li><li><a href="/tag/b">lễ hội</a></li></ul>',
            True,
        ),
        ('<div class="stage"><a href="/tag/a">đua thuyền</a><a href="/tag/b">lễ hội</a></div>', False),
        (f'<div class="tags"><a href="/tag/a">a</a> {SENTENCES[0]}</div>', False),
    ],
)
def test_tags_as_they_are_printed(after, tags):
    found = opened(page(after=after))
    assert find_tags(found.head, found.lines) == (["đua thuyền", "lễ hội"] if tags else [])


@pytest.mark.parametrize(
    "line",
    [
        "Từ khóa: đua thuyền, lễ hội",
        "Tags: đua thuyền; #lễ hội",
        "<b>Từ khoá</b>: đua thuyền | lễ hội",
        "#: a",
        "Tags:",
    ],
)
def test_tags_that_lead_nowhere(line):
    article = cleaned(page(paragraphs(f"<p>{line}</p>")))
    assert article.tags == (["đua thuyền", "lễ hội"] if "đua" in line else [])
    assert "đua thuyền" not in article.text.split("\n")[-1]
    sentence = "Từ khóa: nước sạch, điều mà bà con nhắc tới nhiều nhất trong hội."
    article = cleaned(page(paragraphs(f"<p>{sentence}</p>")))
    assert (article.tags, sentence in article.text) == ([], True)


def test_what_systems_keep_among_the_tags_is_none():
    values = ("đua thuyền", "26157981-b4f7-4929-adc1-e860c6f03636", "10031", "locale: US")
    head = "".join(f'<meta property="article:tag" content="{value}">' for value in values)
    assert cleaned(page(head=head)).tags == ["đua thuyền"]


ELSEWHERE = "https://bao.example.org/tin/dua-thuyen"


@pytest.mark.parametrize(
    ("head", "via"),
    [
        (f'<link rel="canonical" href="{ELSEWHERE}">', (None, ELSEWHERE, "link")),
        ('<link rel="canonical" href="https://bao.example.org/">', (None, None, "")),  # a template's mistake
        (f'<link rel="canonical" href="{URL}">', (None, None, "")),
        ('<link rel="canonical" href="https://m.xa-vi-du.example/x">', (None, None, "")),
        (f'<meta name="original-source" content="{ELSEWHERE}">', (None, ELSEWHERE, "meta")),
        (f'<meta name="syndication-source" content="{ELSEWHERE}">', (None, ELSEWHERE, "meta")),
        ('<meta name="original-source" content="Báo Ví Dụ">', (None, None, "")),
        (ld(f'{{"@type": "NewsArticle", "isBasedOn": "{ELSEWHERE}"}}'), (None, ELSEWHERE, "json-ld")),
        (ld(f'{{"@type": "NewsArticle", "isBasedOn": {{"url": "{ELSEWHERE}"}}}}'), (None, ELSEWHERE, "json-ld")),
        (
            ld(
                '{"@type": "NewsArticle", "publisher": {"@type": "Organization", "name": "Báo Một"},'
                '"copyrightHolder": {"@type": "Organization", "name": "Báo Hai"}}'
            ),
            ("Báo Hai", None, "json-ld"),
        ),
        (
            ld(
                '{"@type": "NewsArticle", "publisher": {"@type": "Organization", "name": "Báo Một"},'
                '"copyrightHolder": {"@type": "Organization", "name": "Báo Một"}}'
            ),
            (None, None, ""),
        ),
    ],
)
def test_who_published_it_first_by_the_pages_head(head, via):
    found = opened(page(head=head))
    assert find_via(found.page, found.head, found.source) == via


def test_the_canonical_tells_where_and_the_text_who():
    article = cleaned(page(paragraphs("<p>(Theo Báo Ví Dụ)</p>"), head=f'<link rel="canonical" href="{ELSEWHERE}">'))
    assert (article.via_name, article.via_url) == ("Báo Ví Dụ", ELSEWHERE)
    assert article.origins["via_url"] == "link"


def test_another_host_of_the_source_is_itself():
    found = opened(page(head=f'<link rel="canonical" href="{ELSEWHERE}">'), of=source(hosts=["bao.example.org"]))
    assert find_via(found.page, found.head, found.source) == (None, None, "")


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


def test_the_place_is_the_one_its_source_speaks_for():
    site = source(locality={"province": "Ninh Bình", "district": "Kim Sơn"})
    article = cleaned(page(), of=site)
    assert (article.locality, article.origins["locality"]) == ("Kim Sơn, Ninh Bình", "source")
    assert cleaned(page()).locality is None


def test_links_to_tags_behind_a_label_are_tags():
    line = '<p>Tags: <a href="/tag/longsor">longsor</a> <a href="/tag/hujan">hujan deras</a></p>'
    article = cleaned(page(paragraphs(line)))
    assert article.tags == ["longsor", "hujan deras"]
    assert article.text.split("\n") == list(SENTENCES)
    assert cleaned(page(paragraphs('<p>Filed under: <a href="/local">Local news of the valley</a></p>'))).tags == []


def test_sharepoints_part_for_the_title_beats_the_sites():
    part = "ctl00_SPWebPartManager1_g_12ab_ctl00_divArticleDescription"
    markup = (
        f'<html><head><title>Trang chủ</title></head><body><form><div id="{part}3">{TITLE}</div>'
        f'<div id="{part}1">{SENTENCES[0]}</div><div id="{part}2">'
        + "".join(f"<p>{one}</p>" for one in SENTENCES[1:])
        + "</div></form></body></html>"
    )
    article = cleaned(markup)
    assert article.title == TITLE
    assert article.text.split("\n") == list(SENTENCES)


def test_an_indonesian_reporter_signs_behind_the_text():
    article = cleaned(page(paragraphs("<p>Pewarta: Budi Santoso</p>")))
    assert article.author == "Budi Santoso"
    assert article.text.split("\n") == list(SENTENCES)
