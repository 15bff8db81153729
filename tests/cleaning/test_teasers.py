"""Teasers behind a heading such as *Related news*: they go with the list, and no paragraph of the article with them."""

import pytest

from tests.cleaning.markup import SENTENCES, TITLE, cleaned, page, paragraphs

PLAIN = list(SENTENCES)
HEADLINES = ("Xã Bên làm cầu mới qua sông Nhỏ", "Chợ phiên dời sang sáng chủ nhật")
WORDS = (
    "Người dân xã Bên đã chung tay góp công góp của để làm cây cầu dài gần ba mươi mét, kịp trước mùa mưa lũ năm nay.",
    "Từ tháng sau, chợ phiên sẽ họp vào ngày chủ nhật thay vì thứ bảy như trước, theo nguyện vọng của các tiểu thương.",
)
ENTRIES = {
    "item": '<li><a href="/t{n}.html">{headline}</a><p>{words}</p></li>',
    "glued": '<li><a href="/t{n}.html">{headline}</a>: {words}</li>',
    "broken": '<li><a href="/t{n}.html">{headline}</a><br>{words}</li>',
    "dated": '<li><span>12/11/2026</span><div><a href="/t{n}.html">{headline}</a></div><p>{words}</p></li>',
    "box": '<div class="item"><a href="/t{n}.html"><h5>{headline}</h5></a><p>{words}</p></div>',
}


def entries(kind, count=2):
    made = "".join(
        ENTRIES[kind].format(n=number, headline=f"{HEADLINES[number % 2]} {number}", words=WORDS[number % 2])
        for number in range(count)
    )
    return made if kind == "box" else f"<ul>{made}</ul>"


@pytest.mark.parametrize("heading", ["Các tin khác", "Tin liên quan", "Related news", "Berita terkait"])
@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_teasers_go_with_the_list_wherever_it_stands(heading, kind, count):
    furniture = f"<h4>{heading}</h4>{entries(kind, count)}"
    half = paragraphs()[: paragraphs().index(f"<p>{PLAIN[2]}")]
    for markup in (
        page(paragraphs(furniture)),
        page(paragraphs(f'<div class="row"><div>{furniture}</div></div>')),
        page(paragraphs(f'<h4>{heading}</h4><div class="row">{entries(kind, count)}</div>')),
        page(half + furniture + paragraphs().removeprefix(half)),
    ):
        article = cleaned(markup)
        assert article.text.split("\n") == PLAIN
        gone = "\n".join(one.text for one in article.removed if one.rule == "related")
        assert all(WORDS[number % 2] in gone for number in range(count))


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_paragraph_of_the_article_behind_the_list_stays(kind):
    furniture = f"<h4>Các tin khác</h4>{entries(kind)}"
    article = cleaned(page("".join(f"<p>{one}</p>" for one in PLAIN[:3]) + furniture + f"<p>{PLAIN[3]}</p>"))
    assert article.text.split("\n") == PLAIN


def test_a_paragraph_behind_a_lone_link_stays():
    inset = f'<p><b>Tin liên quan</b></p><p><a href="/t1.html">{HEADLINES[0]}</a></p>'
    article = cleaned(page("".join(f"<p>{one}</p>" for one in PLAIN[:3]) + inset + f"<p>{PLAIN[3]}</p>"))
    assert article.text.split("\n") == PLAIN


def test_a_box_that_begins_with_a_link_stays_where_the_article_begins_with_it():
    story = "".join(f"<p>{one}</p>" for one in PLAIN)
    markup = page(f'<h4>Tin nổi bật</h4><div><div><a href="/le-hoi">Chuyên trang lễ hội mùa thu</a></div>{story}</div>')
    assert set(PLAIN) <= set(cleaned(markup).text.split("\n"))


def test_a_long_text_behind_a_link_is_no_teaser():
    told = " ".join(WORDS) + " " + " ".join(word.replace("xã", "thôn").replace("chợ", "phiên") for word in WORDS)
    furniture = f'<h4>Tin liên quan</h4><div><a href="/t1.html">{HEADLINES[0]}</a><p>{told}</p></div>'
    assert told in cleaned(page(paragraphs(furniture))).text


@pytest.mark.parametrize("day", ["12/11/2026", "12/11/2026 08:00", "Thứ năm, 12/11/2026"])
@pytest.mark.parametrize(
    "entry",
    [
        '<p>{day}</p><p><a href="/t{n}.html">{headline}</a></p>',
        '<p><a href="/t{n}.html">{headline}</a></p><p>{day}</p>',
        '<div><time>{day}</time><p><a href="/t{n}.html">{headline}</a></p></div>',
    ],
)
def test_the_days_of_other_articles_go_with_their_headlines(entry, day):
    lines = "".join(entry.format(day=day, n=number, headline=headline) for number, headline in enumerate(HEADLINES))
    assert cleaned(page(paragraphs(lines))).text.split("\n") == PLAIN


def test_a_day_that_ends_the_article_stays():
    assert cleaned(page(paragraphs("<p>12/11/2026</p>"))).text.split("\n") == [*PLAIN, "12/11/2026"]


def test_the_entries_of_a_digest_stay_though_most_of_each_is_a_link():
    """A link to another article begins each, and a sentence of this one's own ends it."""
    said = [
        f'<li><a href="/t{number}.html">{words}</a> {own}</li>'
        for number, (words, own) in enumerate(zip(WORDS, SENTENCES, strict=False))
    ]
    article = cleaned(page(f"{paragraphs()}<ul>{''.join(said)}</ul><p>{SENTENCES[3]} Hẹn năm sau.</p>"))
    assert [words in article.text for words in WORDS] == [True, True]


def test_headlines_with_a_word_or_two_beside_them_go():
    said = "".join(
        f'<p>Xem: <a href="/t{n}.html">{one} trong tháng mười hai</a></p>' for n, one in enumerate(HEADLINES)
    )
    article = cleaned(page(paragraphs(said, f"<p>{SENTENCES[3]} Hẹn năm sau.</p>")))
    assert [one in article.text for one in HEADLINES] == [False, False]


# --- teasers without a heading above them ---------------------------------------------------------------------------
SAID = (
    "Hơn sáu mươi đoàn viên đã trồng hoa mười giờ dọc hai bên đường liên thôn dài một cây số, từ nhà văn hóa đến chợ.",
    "Tám đội bóng đến từ tám thôn tham gia giải đấu diễn ra trong hai ngày cuối tuần tại sân vận động của xã Ví Dụ.",
    "Từ mờ sáng, bà con đã gánh rau, cá, bánh đa ra bãi đất trống ven sông, nơi chợ quê ngày xưa vẫn họp mỗi phiên.",
)
HEADED = ("Thanh niên xã làm đường hoa", "Giải bóng chuyền của người cao tuổi", "Chợ quê họp lại bên sông")


def boxes(entry: str) -> str:
    return "".join(entry.format(*both, number) for number, both in enumerate(zip(HEADED, SAID, strict=True)))


@pytest.mark.parametrize(
    "row",
    [
        "<div class='row'>{}</div>|<div class='c'><img src='/{2}.jpg'><h3><a href='/{2}'>{0}</a></h3><p>{1}</p></div>",
        "<section>{}</section>|<article><h4><a href='/{2}'>{0}</a></h4><span>20/11/2026</span><div>{1}</div></article>",
        "<div>{}</div>|<div><p><a href='/{2}'>{0}</a></p><p>{1}</p></div>",
    ],
)
@pytest.mark.parametrize("signature", ["", "<p>Hà Thu</p>"])
def test_teasers_behind_the_articles_part_of_the_page_go(row, signature):
    around, entry = row.split("|")
    own = f'<h1>{TITLE}</h1><div class="b">{paragraphs()}{signature}</div>'
    row = around.format(boxes(entry))
    article = cleaned(f'<html lang="vi"><body><div class="w"><div class="m">{own}{row}</div></div></body></html>')
    assert article.text.split("\n") == list(SENTENCES)
    assert article.author == ("Hà Thu" if signature else None)


def test_parts_of_the_article_that_begin_with_links_stay():
    entries = boxes("<div><h3><a href='/{2}'>{0}</a></h3><p>{1}</p></div>")
    assert SAID[0] in cleaned(page(paragraphs(entries))).text
