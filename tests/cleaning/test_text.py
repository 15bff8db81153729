"""The text: NFC, one line a block, whatever markup the paragraphs were made with; and the safe fragment of it."""

import pytest

from cleaning.text import fold, tidy, words
from tests.cleaning.markup import SENTENCES, TITLE, cleaned, page, paragraphs

PLAIN = list(SENTENCES)
WORD = (
    '<p class="MsoNormal" style="text-align:justify"><span lang="VI" style="font-size:14.0pt">{}<o:p></o:p></span></p>'
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<br><br>".join(PLAIN), id="line breaks"),
        pytest.param("<br />&nbsp;<br />".join(PLAIN), id="line breaks around a space"),
        pytest.param("".join(map(WORD.format, PLAIN)), id="Word"),
        pytest.param("".join(f"<div><span>{one}</span></div>" for one in PLAIN), id="divs"),
        pytest.param("".join(f"<div>{one}</div>" for one in PLAIN), id="bare divs"),
        pytest.param("".join(f"<table><tr><td>{one}</td></tr></table>" for one in PLAIN), id="a table each"),
        pytest.param("".join(f'<p><a name="x"></a>{one}</p>' for one in PLAIN), id="anchors before the text"),
        pytest.param("".join(f"<p>{one[:9]}<b>{one[9:20]}</b>{one[20:]}</p>" for one in PLAIN), id="bold within"),
        pytest.param(f"<div>{PLAIN[0]}<p>{PLAIN[1]}</p>{PLAIN[2]}<br>{PLAIN[3]}</div>", id="mixed"),
    ],
)
def test_paragraphs_of_every_make(body):
    assert cleaned(page(body)).text.split("\n") == PLAIN


def test_list_items_are_lines_without_bullets():
    article = cleaned(
        page(paragraphs("<ul><li>Giải nhất: thôn Thượng</li><li>- Giải nhì: thôn Hạ</li></ul>") + f"<p>{PLAIN[0]}</p>")
    )
    assert "Giải nhất: thôn Thượng\nGiải nhì: thôn Hạ" in article.text
    assert "<ul><li>Giải nhất: thôn Thượng</li><li>Giải nhì: thôn Hạ</li></ul>" in article.html


def test_a_table_within_a_list_is_no_child_of_it():
    table = "<table><tr><td>Nhất</td><td>Thượng</td></tr><tr><td>Nhì</td><td>Hạ</td></tr></table>"
    html = cleaned(page(paragraphs(f"<ul>{table}</ul><p>{PLAIN[0]}</p>"))).html
    assert "<p>Nhất</p>" in html
    assert "table" not in html


def test_the_signs_of_numbers_are_no_bullets():
    items = ("-5 °C lúc sáng sớm trên đỉnh núi cao nhất", "+84 24 0000 là số máy trực của ban tổ chức", "-10 °C")
    article = cleaned(page(paragraphs(f"<ul><li>{items[0]}</li><li>{items[1]}</li><li>• {items[2]}</li></ul>")))
    assert article.text.split("\n")[-3:] == list(items)


@pytest.mark.parametrize(
    "marks",
    [
        'class="sapo"',
        'class="article__sapo mb-2"',
        'class="content-detail-sapo"',
        'class="ArticleSummary"',
        'id="divArticleDescription1"',
        'id="ctl00_cphMain_g_5d1f_lblTomTat"',
        'class="chapo"',
        'class="article-standfirst"',
        'class="bajada"',
        'class="vorspann"',
        'class="short-desc"',
        'class="mota"',
        'class="news_summary"',
        'class="article__intro"',
    ],
)
def test_the_lead_begins_the_text(marks):
    sapo = f"<h2 {marks}>{PLAIN[0]}</h2>"
    markup = page("<div>" + "".join(f"<p>{one}</p>" for one in PLAIN[1:]) + "</div>").replace("</h1>", f"</h1>{sapo}")
    article = cleaned(markup)
    assert article.lead == PLAIN[0]
    assert article.text.split("\n") == PLAIN


def below_title(markup: str) -> str:
    """A page with `markup` between its title and the element that holds the rest of the text."""
    rest = '<div class="noi-dung">' + "".join(f"<p>{one}</p>" for one in PLAIN[1:]) + "</div>"
    return f'<html lang="vi"><body><div class="a"><header><h1>{TITLE}</h1>{markup}</header>{rest}</div></body></html>'


@pytest.mark.parametrize("lead", ["<div><strong>{}</strong></div>", "<h2>{}</h2>", '<p class="text-lg mt-2">{}</p>'])
def test_the_first_sentence_below_the_title_is_the_lead_where_nothing_says_otherwise(lead):
    article = cleaned(below_title(lead.format(PLAIN[0])))
    assert (article.lead, article.text.split("\n")) == (PLAIN[0], PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        '<div class="newsletter-box">{}</div>',
        '<div class="caption">{}</div>',
        '<div class="author-bio">{}</div>',
        '<p><a href="/x">{}</a></p>',
        "<p>Ha Thu is a freelance writer who has been covering rivers and harvests for more than a decade.</p>",
    ],
)
def test_what_else_stands_below_the_title_is_none(other):
    article = cleaned(below_title(other.format(PLAIN[0])))
    assert (article.lead, article.text.split("\n")) == (None, PLAIN[1:])


def test_a_lead_by_the_words_of_the_pages_description():
    head = f'<script type="application/ld+json">{{"@type": "NewsArticle", "description": "{PLAIN[0]}"}}</script>'
    assert cleaned(page(head=head)).lead == PLAIN[0]
    assert cleaned(page()).lead is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [("về đích./.", "về đích."), ("về đích ./.", "về đích."), ("về đích/.", "về đích"), ("về đích!/.", "về đích!")],
)
def test_the_sign_that_ends_a_body_is_no_text(written, kept):
    last = f"{PLAIN[0]} Đội nữ {written}"
    article = cleaned(page(paragraphs(f"<p>{last}</p>")))
    assert article.text.endswith(f"Đội nữ {kept}")
    assert [one.text for one in article.removed if one.rule == "body-end"] == ["/."]


def test_the_sign_stays_where_the_body_does_not_end():
    article = cleaned(page(f"<p>{PLAIN[0]} Đội nữ về đích./.</p>{paragraphs()}"))
    assert "Đội nữ về đích./.\n" in article.text
    assert "body-end" not in {one.rule for one in article.removed}


def test_a_place_that_only_the_style_sheet_sets_off_is_a_word_of_its_own():
    stamped = f'<p><span class="location-stamp">VÍ DỤ</span>{PLAIN[0]}</p>'
    assert cleaned(page(stamped + paragraphs())).text.startswith(f"VÍ DỤ {PLAIN[0]}")


LEAD = "Mười sáu đội thuyền, hàng nghìn người xem và một ngày hội mà cả xã đã chờ suốt từ đầu mùa nước."
DESCRIBED = f'<meta name="description" content="{LEAD[:80]}…">'


@pytest.mark.parametrize(
    "printed",
    [
        "<header><h1>{title}</h1><p>{lead}</p></header><div class='anh'></div>{text}",
        "<h1>{title}</h1><div><em>{lead}</em></div><p>22/11/2026</p><div>{text}</div>",
        "<div><h1>{title}</h1></div><div><h2>{lead}</h2></div><section>{text}</section>",
        "<h1>{title}</h1><p>Xã Ví Dụ – {lead}</p><div>{text}</div>",
    ],
)
def test_a_lead_apart_from_the_text_that_nothing_marks_is_known_by_the_pages_description(printed):
    body = printed.format(title=TITLE, lead=LEAD, text=paragraphs())
    article = cleaned(
        f"<html lang='vi'><head><title>{TITLE}</title>{DESCRIBED}</head><body><main>{body}</main></body></html>"
    )
    assert article.lead is not None
    assert article.lead.endswith(LEAD)
    assert article.text.split("\n") == [article.lead, *PLAIN]


@pytest.mark.parametrize(
    "name", ["post-subtitle", "article__standfirst", "sub-headline", "detail-excerpt", "lead-text"]
)
def test_a_standfirst_beside_the_headline_is_the_lead(name):
    body = f'<header><h1>{TITLE}</h1><p class="{name}">{LEAD}</p></header><div class="text">{paragraphs()}</div>'
    markup = f"<html lang='vi'><head><title>{TITLE}</title></head><body><main>{body}</main></body></html>"
    assert cleaned(markup).lead == LEAD
    assert cleaned(markup).text.split("\n") == [LEAD, *PLAIN]
    teaser = f'<div class="card"><h3>Xã Bên</h3><p class="{name}">{LEAD}</p></div>'
    assert cleaned(page(before=teaser)).lead is None
    assert LEAD not in cleaned(page(after=teaser)).text


def test_a_later_paragraph_that_the_page_describes_itself_by_stays_where_it_stands():
    head = f'<meta name="description" content="{PLAIN[1]}">'
    article = cleaned(page(head=head))
    assert (article.lead, article.text.split("\n")) == (None, PLAIN)


def test_a_teasers_lead_is_not_the_articles():
    teaser = '<div class="side"><a href="/x">Tin khác</a><p class="sapo">Tóm tắt của một tin khác.</p></div>'
    assert "Tóm tắt" not in cleaned(page(after=teaser)).text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\u00a0b\u2009 c\t\nd", "a b c d"),
        ("khuyê\u0301n ho\u0323c", "khuyến học"),
        ("đua\u200bthuyền\ufeff \u00adhội\u2060", "đuathuyền hội"),
        ("hội\u200cđua", "hộiđua"),
        ("می\u200cروم", "می\u200cروم"),  # Persian needs it
        ("\x93trích\x94 \x96 dẫn", "“trích” – dẫn"),
        ("a\x00b\ud800c", "abc"),
        (
            "Hoà B&igrave;nh: hòa &#225;o &quot;d&agrave;i&quot;&#x21;",
            'Hoà Bình: hòa áo "dài"!',
        ),  # each as it is written
        ("R&D; x &copy; &notit; &; &#0; &#xD800; &#99999999;", "R&D; x © &notit; &; \ufffd \ufffd &#99999999;"),
    ],
)
def test_tidy(raw, text):
    assert tidy(raw) == text


def test_entities_are_decoded_and_those_escaped_twice_too():
    article = cleaned(
        page(
            paragraphs(
                "<p>Giá &lt;b&gt; &amp;amp; &amp;#7899;t&amp;nbsp;&amp;amp;amp;, hơn cả mọi năm, theo lời họ.</p>"
            )
        )
    )
    assert "Giá <b> & ớt &amp;, hơn" in article.text
    assert "Giá &lt;b&gt; &amp; ớt &amp;amp;, hơn" in article.html


def test_the_fragment_is_safe():
    bad = (
        '<p onclick="x()">Một câu đủ dài <script>alert(1)</script>để là <a href="javascript:x()">nội dung</a> bài.</p>'
    )
    article = cleaned(page(paragraphs(bad)))
    assert "alert" not in article.text
    assert "onclick" not in article.html
    assert "javascript" not in article.html
    assert "<a" not in article.html


def test_forms_for_comparison():
    assert words("Hội đua – thuyền!") == "hội đua thuyền"
    assert words("नमस्ते, दुनिया") == "नमस्ते दुनिया"
    assert words("สวัสดี ชาวโลก!") == "สวัสดี ชาวโลก"
    assert words("ភ្នំពេញ។") == "ភ្នំពេញ"
    assert fold("Đường Hoà Bình") == "duong hoa binh"
